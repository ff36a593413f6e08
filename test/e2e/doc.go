// Package e2e starts the real programs, as `make build` made them, and looks at
// what they print and leave behind. What is inside them is tested beside them.
package e2e
