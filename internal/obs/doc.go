// Package obs is how operators watch a process: what it counts, whether it is
// well, and its profiles, on an address of its own. What is counted, and what
// being well depends on, is said by those who know; logs are log/slog's, and are
// passed in.
package obs
