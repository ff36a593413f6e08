package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestWhereBrowsersSignInIsSaidWhole(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := []string{"--oidc-issuer=https://login.example", "--oidc-client-id=us", "--oidc-allow=groups=a:default:read,play;sub=b:w:admin", "--oidc-allow=sub=c:w:write"}
	for name, tt := range map[string]struct {
		args []string
		want string // of the error; empty for none
	}{
		"whole":             {append(whole, "--oidc-client-secret-file="+file), ""},
		"no issuer":         {whole[1:], "--oidc-issuer"},
		"no client":         {append(whole[2:], whole[0]), "client id"},
		"nobody":            {whole[:2], "without a rule"},
		"two secrets":       {append(whole, "--oidc-client-secret=a", "--oidc-client-secret-file="+file), "give one of them"},
		"no such file":      {append(whole, "--oidc-client-secret-file="+file+"x"), "no such file"},
		"not encrypted":     {append(whole[1:], "--oidc-issuer=http://login.example"), "https://"},
		"everybody as well": {append(whole, "--auth=none"), "--auth=none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			args := append([]string{"serve", "--data", t.TempDir()}, tt.args...)
			if tt.want != "" {
				if status := run(t.Context(), args, &out, &out); status != exitUsage || !strings.Contains(out.String(), tt.want) {
					t.Errorf("status %d, said %q", status, out.String())
				}
				return
			}
			var c serveCmd
			parser, err := kong.New(&c, kong.Vars{"rate": "1"}, kong.NamedMapper("path", pathMapper{}))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(tt.args); err != nil {
				t.Fatal(err)
			}
			secret, err := c.OIDC.secret()
			if err != nil || secret.Reveal() != "hush" || len(c.OIDC.Allow) != 3 || c.OIDC.Allow[0].Workspace != "default" || len(c.OIDC.Allow[0].Scopes) != 2 {
				t.Errorf("rules %+v, error %v", c.OIDC.Allow, err)
			}
			if p, err := c.OIDC.provider(); err != nil || p.Name() != "login.example" {
				t.Errorf("provider %v, error %v", p, err)
			}
		})
	}
	var out bytes.Buffer
	if status := run(t.Context(), []string{"serve", "--oidc-allow=groups=a:default:everything"}, &out, &out); status != exitUsage || !strings.Contains(out.String(), "everything") {
		t.Errorf("a rule that is none: status %d, said %q", status, out.String())
	}
}
