package main

import "net"

type serveCmd struct {
	Listen string   `help:"Address to listen on. Nothing asks who you are: think before you open it to others." default:"127.0.0.1:8080" env:"CUEPOINT_LISTEN" placeholder:"HOST:PORT"`
	Host   []string `help:"Another name the server is reached by." placeholder:"NAME" env:"CUEPOINT_HOSTS"`
}

// Run serves until it is interrupted, which is its ordinary end.
func (c *serveCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	return a.Serve(e.ctx, c.Listen, c.Host, func(at net.Addr) {
		// Whoever does not read the address may still use it.
		_ = e.print(map[string]string{"address": "http://" + at.String()}, "Cuepoint is at http://%s\n", at)
	})
}
