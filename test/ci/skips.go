package main

import (
	"fmt"
	"os"
	"strings"
)

// declaredSkip is a line of the file of declared skips: a pattern of test
// names, in which * stands for anything, and why skipping them loses nothing.
type declaredSkip struct {
	pattern string
	why     string
}

// readSkips reads the file of declared skips. Blank lines and lines that start
// with # are not declarations; one without a reason is an error.
func readSkips(file string) ([]declaredSkip, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var skips []declaredSkip
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, why, _ := strings.Cut(line, " ")
		why = strings.TrimSpace(why)
		if why == "" {
			return nil, fmt.Errorf("%s:%d: %s is declared without a reason", file, i+1, pattern)
		}
		skips = append(skips, declaredSkip{pattern, why})
	}
	return skips, nil
}

// declaration returns the first declaration that names the test, or nil.
func declaration(skips []declaredSkip, name string) *declaredSkip {
	for i := range skips {
		if matches(skips[i].pattern, name) {
			return &skips[i]
		}
	}
	return nil
}

// matches compares a name with a pattern in which * stands for any characters,
// slashes and dots too.
func matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(name, first) {
		return false
	}
	name = name[len(first):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
	}
	return strings.HasSuffix(name, last)
}
