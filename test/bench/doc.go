// Package bench measures what the project promises about speed, against the
// plain way of doing the same. `make bench` runs it; it takes minutes and a
// machine that does nothing else. Correctness is tested elsewhere.
package bench
