// Package fetch downloads files from addresses that strangers name, over http
// and https, without becoming their way into the networks that this machine is
// in: [Guard] looks at each address that is connected to, [Client] bounds all
// that a host may do. It stores nothing, tries nothing again, and does not know
// what the files are.
package fetch
