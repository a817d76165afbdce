// Package generated keeps generated files: it writes what a generator makes, says
// which files are not what it would make, and puts text between markers into pages
// that are otherwise written by hand.
//
// A generator is a small main package below tools. It makes all its files in
// memory, so that its test can compare them with those that are there, and `go
// generate` writes them.
package generated
