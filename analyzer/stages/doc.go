// Package stages holds the steps of the pipeline, one file each, and the list
// of them. A stage reads what the stages before it committed, lets an engine or
// an algorithm of another package do the work, and says what came of it in the
// words of models. How stages are run is the analyzer package's business.
package stages
