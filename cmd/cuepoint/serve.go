package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/fetch"
	"github.com/cuepoint/cuepoint/internal/ingest"
)

type serveCmd struct {
	Role   string        `help:"What this process is: api (takes commands and answers), worker (runs stages), origin (lets players read, and nothing else), or all but the last in one." enum:"all,api,worker,origin" default:"all" env:"CUEPOINT_ROLE"`
	Listen string        `help:"Address to listen on; a worker needs none." default:"127.0.0.1:8080" env:"CUEPOINT_LISTEN" placeholder:"HOST:PORT"`
	Host   []string      `help:"Another name the server is reached by." placeholder:"NAME" env:"CUEPOINT_HOSTS"`
	Auth   string        `help:"Who may come in over the network: keys (who shows one, or signed in with one), or none (everybody may read and play; only where nobody but this machine can)." enum:"keys,none" default:"keys" env:"CUEPOINT_AUTH"`
	Rate   float64       `help:"Requests a second that each key and each browser may make, twice as many at once; 0 for no limit." default:"${rate}" env:"CUEPOINT_RATE" placeholder:"N"`
	Cert   string        `help:"Certificate to serve encrypted with, PEM." name:"tls-cert" env:"CUEPOINT_TLS_CERT" placeholder:"FILE" type:"path"`
	Key    string        `help:"The certificate's key, PEM." name:"tls-key" env:"CUEPOINT_TLS_KEY" placeholder:"FILE" type:"path"`
	Proxy  []string      `help:"Address, or range of them, of a proxy in front: what it says in X-Forwarded-For, -Host and -Proto is believed." name:"trusted-proxy" env:"CUEPOINT_TRUSTED_PROXIES" placeholder:"IP[/BITS]"`
	OIDC   oidcFlags     `embed:"" prefix:"oidc-" envprefix:"CUEPOINT_OIDC_"`
	Admin  string        `help:"Address of /metrics, /healthz, /readyz and profiles, for operators alone; empty for none." default:"127.0.0.1:9180" env:"CUEPOINT_ADMIN" placeholder:"HOST:PORT"`
	Light  int           `help:"Light stages to run at once; -1 for as many as suit this machine." default:"-1" env:"CUEPOINT_LIGHT" placeholder:"N"`
	CPU    int           `help:"Stages that take a core to run at once; -1 for as many as suit this machine." default:"-1" env:"CUEPOINT_CPU" placeholder:"N"`
	Heavy  int           `help:"Stages that take all cores to run at once; -1 for as many as suit this machine." default:"-1" env:"CUEPOINT_HEAVY" placeholder:"N"`
	Upload uploadFlags   `embed:""`
	Watch  watchFlags    `embed:""`
	Grace  time.Duration `help:"Time that running stages get to end when the server is told to." default:"30s" env:"CUEPOINT_GRACE"`
}

// uploadFlags bound what comes in.
type uploadFlags struct {
	Max      size          `help:"The largest file that is taken." name:"max-upload" default:"20GiB" env:"CUEPOINT_MAX_UPLOAD" placeholder:"SIZE"`
	Quota    size          `help:"What a workspace may use, its videos' files and its uploads together; 0 for as much as there is room for." default:"0" env:"CUEPOINT_QUOTA" placeholder:"SIZE"`
	Lifetime time.Duration `help:"An upload ends so long after its last byte came; 168h after it began at most." name:"upload-lifetime" default:"24h" env:"CUEPOINT_UPLOAD_LIFETIME" placeholder:"TIME"`
	Import   bool          `help:"Download what somebody names the address of." default:"true" negatable:"" env:"CUEPOINT_IMPORT"`
	Allow    []string      `help:"Address, or range of them, that is downloaded from although it is private or special." name:"import-allow" env:"CUEPOINT_IMPORT_ALLOW" placeholder:"IP[/BITS]"`
}

// Validate is asked by kong when the command line has been read.
func (f *uploadFlags) Validate() error {
	switch {
	case f.Max < 1:
		return errors.New("--max-upload is a size such as 20GiB, at least one byte")
	case f.Lifetime < ingest.MinLifetime || f.Lifetime > ingest.UsualMaxLifetime:
		return fmt.Errorf("--upload-lifetime is a time from %v to %v, not %v", ingest.MinLifetime, ingest.UsualMaxLifetime, f.Lifetime)
	}
	return nil
}

func (f *uploadFlags) limits() ingest.Limits {
	return ingest.Limits{Quota: int64(f.Quota), Lifetime: f.Lifetime}
}

// importer is nil where nothing is to be downloaded.
func (f *uploadFlags) importer() (*fetch.Client, error) {
	if !f.Import {
		return nil, nil
	}
	client := &fetch.Client{}
	for _, allow := range f.Allow {
		prefix, err := parsePrefix(allow)
		if err != nil || prefix.Addr().Is4In6() { // those are connected to as what they hold
			return nil, usageError{fmt.Errorf("--import-allow: %q is no address such as 10.0.0.7 and no range such as 10.0.0.0/8", allow)}
		}
		client.Guard.Allow = append(client.Guard.Allow, prefix)
	}
	return client, nil
}

// watchFlags say where files are found.
type watchFlags struct {
	Places []string      `help:"Directory, or s3://bucket/prefix?endpoint=https://host:port with the parameters of --blobs, whose files become videos of the workspace default." name:"watch" sep:"none" placeholder:"PLACE" env:"CUEPOINT_WATCH"`
	Every  time.Duration `help:"Time between looks at what is watched; 0 for 5s at a directory and 30s at a bucket." name:"watch-every" default:"0" env:"CUEPOINT_WATCH_EVERY" placeholder:"TIME"`
	Settle time.Duration `help:"Time that a file stands still before it is taken in." name:"watch-settle" default:"10s" env:"CUEPOINT_WATCH_SETTLE" placeholder:"TIME"`
	Access config.Secret `help:"Access key of buckets that are watched; that of --blobs unless given." name:"watch-s3-access-key" env:"CUEPOINT_WATCH_S3_ACCESS_KEY" placeholder:"KEY"`
	Secret config.Secret `help:"Secret key of buckets that are watched. Better in the environment, where fewer see it." name:"watch-s3-secret-key" env:"CUEPOINT_WATCH_S3_SECRET_KEY" placeholder:"KEY"`
}

// Validate is asked by kong when the command line has been read.
func (f *watchFlags) Validate() error {
	if f.Every < 0 || f.Every > 0 && f.Every < 100*time.Millisecond || f.Settle < time.Millisecond {
		return errors.New("--watch-every is 100ms or more, and --watch-settle 1ms or more")
	}
	return nil
}

// Run serves until it is interrupted, which is its ordinary end.
func (c *serveCmd) Run(e *env) error {
	if c.Role == "origin" && len(c.Watch.Places) > 0 {
		return usageError{errors.New("--role=origin takes nothing in: leave --watch out")}
	}
	if c.Role == "api" && e.cli.Database.Reveal() == "" {
		return usageError{errors.New("--role=api needs --database: without one nobody else can run stages in its directory; leave --role out, and this process does")}
	}
	config, err := c.config()
	if err != nil {
		return err
	}
	config.Ready = func(s app.Started) { c.announce(e, s) }
	library := e.config()
	library.MaxSource = int64(c.Upload.Max)
	library.WatchAccessKey, library.WatchSecretKey = c.Watch.Access, c.Watch.Secret
	a, err := app.Open(e.ctx, library, true)
	if err != nil {
		return err
	}
	defer a.Close()
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

// config is what the flags say.
func (c *serveCmd) config() (app.ServeConfig, error) {
	config := app.ServeConfig{
		Listen: c.Listen, Hosts: c.Host, Admin: c.Admin, Grace: c.Grace, Open: c.Auth == "none",
		Rate: access.Rate{PerSecond: c.Rate, Burst: int(2 * c.Rate)}, Uploads: c.Upload.limits(),
		Watch: app.WatchConfig{Places: c.Watch.Places, Every: c.Watch.Every, Settle: c.Watch.Settle},
	}
	if config.Open && !isPrivate(c.Listen) {
		return config, usageError{fmt.Errorf("--auth=none is for 127.0.0.1, [::1] and localhost alone, and --listen is %s: everybody could read and play everything", c.Listen)}
	}
	var err error
	if config.Importer, err = c.Upload.importer(); err != nil {
		return config, err
	}
	if config.Provider, err = c.OIDC.provider(); err != nil {
		return config, err
	}
	if config.Provider != nil && config.Open {
		return config, usageError{errors.New("--auth=none lets everybody in, and --oidc-issuer only some: give one of them")}
	}
	for _, proxy := range c.Proxy {
		prefix, err := parsePrefix(proxy)
		if err != nil {
			return config, usageError{fmt.Errorf("--trusted-proxy: %q is no address such as 10.0.0.7 and no range such as 10.0.0.0/8", proxy)}
		}
		config.Proxies = append(config.Proxies, prefix)
	}
	if (c.Cert == "") != (c.Key == "") {
		return config, usageError{fmt.Errorf("--tls-cert and --tls-key go together")}
	}
	if c.Cert == "" {
		return config, nil
	}
	config.TLS, err = app.TLS(c.Cert, c.Key)
	return config, err
}

// announce says where the server is, and how to come in. Whoever does not read
// it may still use it.
func (c *serveCmd) announce(e *env, s app.Started) {
	if s.Address == nil {
		_ = e.print(map[string]string{"role": c.Role}, "Cuepoint works\n")
		return
	}
	said := map[string]string{"address": c.url(s.Address)}
	text := "Cuepoint is at " + said["address"] + "\n"
	if login := s.Login.Reveal(); login != "" {
		said["login"] = said["address"] + "/login#token=" + login
		text += "Sign in there with this link, once and within 15 minutes: " + said["login"] + "\n"
	}
	if key := s.Key.Reveal(); key != "" {
		said["key"] = key
		text += "The first key, for programs; it is not shown again: " + key + "\n"
	}
	_ = e.print(said, "%s", text)
}

// url is where a browser on this machine finds the server.
func (c *serveCmd) url(at net.Addr) string {
	scheme, address := "http", at.String()
	if c.Cert != "" {
		scheme = "https"
	}
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		name := "localhost"
		if len(c.Host) > 0 {
			name = c.Host[0]
		}
		address = net.JoinHostPort(name, strconv.Itoa(tcp.Port))
	}
	return scheme + "://" + address
}

// isPrivate tells whether what listens at an address, HOST:PORT, can be reached
// from this machine alone.
func isPrivate(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && config.IsLoopback(host)
}

// parsePrefix reads an address or a range of them.
func parsePrefix(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		return ip.Prefix(ip.BitLen())
	}
	return netip.ParsePrefix(s)
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
