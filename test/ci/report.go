package main

import (
	"fmt"
	"sort"
)

// report prints what the run came to, the counts last, and answers whether it
// counts as passed. In a strict run an undeclared skip is a failure. So is a
// run in which no test ran: whatever was to be proven was not.
func (t *tally) report(declared []declaredSkip, slowest int, strict bool) bool {
	t.reportSlowest(slowest)
	undeclared := t.reportSkips(declared)
	if len(t.failed) > 0 {
		fmt.Fprintln(t.out, "\nFailed:")
		for _, r := range t.failed {
			fmt.Fprintf(t.out, "  %s\n", r.name)
		}
	}
	ok := len(t.failed) == 0
	if undeclared > 0 && strict {
		fmt.Fprintf(t.out, "\n%d skipped tests are not declared in test/skips.txt, which fails a CI run.\n", undeclared)
		ok = false
	}
	if len(t.passed)+len(t.failed) == 0 {
		fmt.Fprintln(t.out, "\nNo test ran.")
		ok = false
	}
	fmt.Fprintf(t.out, "\n%d passed, %d failed, %d skipped\n", len(t.passed), len(t.failed), len(t.skipped))
	return ok
}

func (t *tally) reportSlowest(n int) {
	all := append(append([]result(nil), t.passed...), t.failed...)
	sort.SliceStable(all, func(i, j int) bool { return all[i].seconds > all[j].seconds })
	all = all[:min(n, len(all))]
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(t.out, "\nThe %d slowest tests:\n", len(all))
	for _, r := range all {
		fmt.Fprintf(t.out, "  %7.2fs  %s\n", r.seconds, r.name)
	}
}

// reportSkips lists what was skipped and answers how many were not declared.
func (t *tally) reportSkips(declared []declaredSkip) int {
	if len(t.skipped) == 0 {
		return 0
	}
	fmt.Fprintln(t.out, "\nSkipped:")
	undeclared := 0
	for _, r := range t.skipped {
		why := "not declared"
		if d := declaration(declared, r.name); d != nil {
			why = "declared: " + d.why
		} else {
			undeclared++
		}
		fmt.Fprintf(t.out, "  %s: %s (%s)\n", r.name, r.reason, why)
	}
	return undeclared
}
