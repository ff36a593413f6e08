// Package analyzertest tests stages: the contract that every
// [analyzer.Stage] keeps, checked by running it, and fakes to run it with.
// Only tests import it; what a stage finds is for its own tests to judge.
package analyzertest
