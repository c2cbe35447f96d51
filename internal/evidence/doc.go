// Package evidence is the mathematics under penstock's judge: how strongly counts of failed and total requests speak against
// "the canary fails no more often than it may", at any moment and however often one looks. It also answers beforehand what a
// planned canary would be able to see.
//
// It takes numbers and returns numbers. It has no clock, no random source, no input or output, and it imports nothing of
// penstock. Whoever calls it decides what the numbers mean: runtime/judge turns them into verdicts, vet into warnings.
//
// # The test
//
// Two versions serve nc and nb requests of one tick (an interval of a few seconds) and fail xc and xb of them. If the canary
// fails r times as often as stable, each failure is the canary's with chance
//
//	theta(r) = r*nc / (r*nc + nb)
//
// whatever the common failure rate is and however it moves: the nuisance cancels. Against the claim "r <= d" each tick is
// given an e-factor, a number that is never negative and whose mean is at most 1 as long as the claim holds. Two are offered:
//
//	Binomial  (theta(r)/theta(d))^xc * ((1-theta(r))/(1-theta(d)))^xb
//	Robust    y*theta(r)/theta(d) + (1-y)*(1-theta(r))/(1-theta(d)),  y = xc/(xc+xb)
//
// The binomial factor needs failures to be independent of each other. The robust one only needs the mean of y to be right,
// so a burst of a thousand failures with one cause counts once; it is the default. Ticks without failures say nothing about
// a ratio and are passed over.
//
// A [Mixture] multiplies the factors of all ticks for each alternative r of a fixed grid and averages the products. By
// Ville's inequality a process of that kind ever reaches 1/alpha with probability at most alpha while the claim holds. The
// guarantee holds for every way of looking, for weights that change between ticks and for a run that is stopped and resumed.
// The mirrored mixture ([NewBelow]) collects evidence against "r >= d" and so can prove a canary safe.
//
// For d = 1 the mean of the robust factor is exactly 1 on the boundary, however large the failure share. For another d the
// share y of a tick with few requests is not centred on theta; the robust factor is tested at a ratio moved outwards to cover
// that. The binomial factor takes failures as rare; where they are common it is cautious.
//
// # One sample
//
// Comparing one version with a fixed failure share b (an error budget) is the same test with null ratio 1, nc = b, nb = 1-b,
// the failures as hits and the successes as misses: theta(1) is then b itself, and the alternatives are ratios of odds.
//
// Sources: J. Ville 1939 for the inequality; V. Vovk and R. Wang, "E-values: calibration, combination and applications",
// Annals of Statistics 2021, for mixtures and averages; M. Lindon and A. Malek, "Anytime-valid inference for multinomial
// count data", 2022, for the split check.
package evidence
