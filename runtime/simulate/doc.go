// Package simulate runs a plan in virtual time against a model of the world, with faults.
//
// It is a driver of runtime/machine like the local one: it journals, resumes, executes. But its clock is a queue, its
// targets are a few maps, and what goes wrong is written down beforehand as a list of [Fault]. [Run] plays one scenario
// and returns its timeline; [Explore] plays every fault at every place, and every second fault in the compensation, and
// has an oracle read the world afterwards. The oracle never asks the machine: it compares what the run reported with what
// is there.
package simulate
