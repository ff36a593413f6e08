// Package analyzer is the pipeline: what a stage is, in which order stages run,
// and how what they computed is published and committed in one step, whatever
// becomes of those who work on it. What the stages do is in analyzer/stages, one
// file each; how tasks get to workers is a [Queue]'s business (analyzer/riverq).
//
// Where to find what:
//
//	stage, pipeline       what a stage is; the checked list of stages
//	intake, submission    how a file becomes a video
//	adopt                 how a blob that is there does
//	import                how a captions file becomes a video's
//	control, turn         changes to a video: each one transaction
//	details               what its owner says of it
//	deletion              how it goes, and comes back
//	answer                what who asked for a change is told
//	editing               what people change in what was found
//	plan                  what the state of a video's runs makes necessary
//	queue                 how tasks are handed out
//	worker                takes tasks and stops well
//	attempt, inputs       one run of one stage: claim, compute, publish, commit
//	settle                how attempts end: results, retries, failures
//	lease, reaper         signs of life, and taking back what shows none
//	sweeper               removes files that nobody needs any more
package analyzer
