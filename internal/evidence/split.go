package evidence

import "math"

// splitConcentration is how many requests' worth of belief the alternative gives to the configured weight. Fifty finds gross
// faults (a weight that was never applied) within a few hundred requests; smaller deviations need more.
const splitConcentration = 50

// SplitLog returns the natural logarithm of the evidence that the requests were not split by the configured weight
// (0 < weight < 1): the Bayes factor of a beta-binomial alternative, centred on the weight, against the binomial with exactly
// that weight. As a function of growing counts it is an e-process, so reaching 1/alpha is as rare as for a [Mixture].
//
// It supposes that requests are routed independently. Sticky sessions and few long connections are not.
func SplitLog(weight, canary, stable float64) float64 {
	a, b := splitConcentration*weight, splitConcentration*(1-weight)
	alternative := logBeta(a+canary, b+stable) - logBeta(a, b)
	return alternative - float64(canary*math.Log(weight)) - float64(stable*math.Log1p(-weight))
}

func logBeta(a, b float64) float64 {
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	return la + lb - lab
}
