package main

import (
	"errors"
	"net"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/app"
)

type serveCmd struct {
	Role   string        `help:"What this process is: api (takes commands and answers), worker (runs stages), origin (lets players read, and nothing else), or all but the last in one." enum:"all,api,worker,origin" default:"all" env:"CUEPOINT_ROLE"`
	Listen string        `help:"Address to listen on; a worker needs none. Nothing asks who you are: think before you open it to others." default:"127.0.0.1:8080" env:"CUEPOINT_LISTEN" placeholder:"HOST:PORT"`
	Host   []string      `help:"Another name the server is reached by." placeholder:"NAME" env:"CUEPOINT_HOSTS"`
	Admin  string        `help:"Address of /metrics, /healthz, /readyz and profiles, for operators alone; empty for none." default:"127.0.0.1:9180" env:"CUEPOINT_ADMIN" placeholder:"HOST:PORT"`
	Light  int           `help:"Light stages to run at once; -1 for as many as suit this machine." default:"-1" env:"CUEPOINT_LIGHT" placeholder:"N"`
	CPU    int           `help:"Stages that take a core to run at once; -1 for as many as suit this machine." default:"-1" env:"CUEPOINT_CPU" placeholder:"N"`
	Heavy  int           `help:"Stages that take all cores to run at once; -1 for as many as suit this machine." default:"-1" env:"CUEPOINT_HEAVY" placeholder:"N"`
	Grace  time.Duration `help:"Time that running stages get to end when the server is told to." default:"30s" env:"CUEPOINT_GRACE"`
}

// Run serves until it is interrupted, which is its ordinary end.
func (c *serveCmd) Run(e *env) error {
	if c.Role == "api" && e.cli.Database.Reveal() == "" {
		return usageError{errors.New("--role=api needs --database: without one nobody else can run stages in its directory; leave --role out, and this process does")}
	}
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	config := app.ServeConfig{Listen: c.Listen, Hosts: c.Host, Admin: c.Admin, Grace: c.Grace, Ready: func(at net.Addr) {
		if at == nil {
			_ = e.print(map[string]string{"role": c.Role}, "Cuepoint works\n")
			return
		}
		// Whoever does not read the address may still use it.
		_ = e.print(map[string]string{"address": "http://" + at.String()}, "Cuepoint is at http://%s\n", at)
	}}
	if c.Role == "origin" {
		return a.ServeOrigin(e.ctx, config)
	}
	holder, err := a.Hold(e.ctx)
	if err != nil {
		return err
	}
	defer holder.Close()
	if c.Role == "worker" {
		config.Listen = ""
	}
	if c.Role != "api" {
		config.Slots = c.slots()
	}
	return holder.Serve(e.ctx, config)
}

// slots are how many stages of each class run at once.
func (c *serveCmd) slots() map[analyzer.Class]int {
	slots := app.Slots()
	for class, n := range map[analyzer.Class]int{analyzer.Light: c.Light, analyzer.CPU: c.CPU, analyzer.Heavy: c.Heavy} {
		if n >= 0 {
			slots[class] = n
		}
	}
	return slots
}
