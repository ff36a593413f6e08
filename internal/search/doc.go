// Package search turns a question into moments: it reads the query, asks the
// store, and shows in each moment's text what was found and where. Ranking is
// the store's; what a word is, analyzer/text says.
package search
