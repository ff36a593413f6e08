// Package chapters decides where a video's chapters begin: from how well
// stretches of its transcript hang together, its pauses and its shots. It takes
// scores and returns boundaries with their evidence; what words mean, and what
// a chapter is called, is not its business.
package chapters
