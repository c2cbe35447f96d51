package explain

// limitDocs are the codes of what costs too much to look at. They have no examples: those would cost as much here.
func limitDocs() []Doc {
	return []Doc{
		{
			Code: "took-too-long", Phase: "limits",
			Title: "a package is not evaluated in time",
			What:  "Reading, evaluating and checking the package took longer than --timeout allows: ten seconds, and ten more for each megabyte of CUE up to a minute.",
			Why:   "A loop inside a loop, or choices that have choices inside, multiply: what is a line more to write can be hours more to evaluate. Without an end to it a pull request could keep a machine busy for ever.",
		},
		{
			Code: "too-much-memory", Phase: "limits",
			Title: "a package does not fit into memory",
			What:  "Evaluating the package took more memory than --max-memory allows: 1 GiB.",
			Why:   "Lists and texts that are made of each other double with each line. The machine would end some process, and not always this one.",
		},
		{
			Code: "too-deep", Phase: "limits",
			Title: "something is nested too deep",
			What:  "Structs, lists, brackets or operators stand more than 2,000 levels inside each other, or a definition goes deeper and deeper into itself.",
			Why:   "Each level takes room on the stack until there is none, and for some of them the time grows with the square of the depth.",
		},
		{
			Code: "file-too-large", Phase: "limits",
			Title: "a file is too large",
			What:  "A CUE file has more than 16 MiB. 5,000 stages take less than a tenth of that.",
			Why:   "Reading it takes a hundred times its size in memory.",
		},
	}
}
