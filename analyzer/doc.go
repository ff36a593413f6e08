// Package analyzer is the pipeline: what a stage is, in which order stages run,
// and how what they computed is published and committed in one step.
//
// The stages themselves are in analyzer/stages, one file each. The package does
// not know what any of them does.
package analyzer
