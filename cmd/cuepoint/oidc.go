package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/api/signin"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/models"
)

// oidcFlags say where browsers may sign in besides with keys.
type oidcFlags struct {
	Issuer     string        `help:"OpenID Connect provider where people may sign in, such as https://login.example.com/realms/us; what it leads back to is /login/callback." placeholder:"URL" env:"ISSUER"`
	ClientID   string        `help:"What the provider knows this server as." placeholder:"ID" env:"CLIENT_ID"`
	Secret     config.Secret `help:"Secret that the provider gave it. Better in the environment or in a file, where fewer see it." placeholder:"SECRET" name:"client-secret" env:"CLIENT_SECRET"`
	SecretFile string        `help:"File with that secret." placeholder:"FILE" name:"client-secret-file" env:"CLIENT_SECRET_FILE" type:"path"`
	Scopes     []string      `help:"What to ask the provider for besides openid." default:"profile,email" placeholder:"SCOPE" env:"SCOPES"`
	Allow      []signin.Rule `help:"Whom to let in, and to what: CLAIM=VALUE:WORKSPACE:SCOPE,…, such as groups=editors:default:read,write,play. The first that fits decides, and who fits none stays outside. Give it again for more, or put semicolons between them." sep:";" placeholder:"RULE" env:"ALLOW"`
	Name       string        `help:"What people know the provider by; its host unless given." placeholder:"TEXT" env:"NAME"`
	Session    time.Duration `help:"How long somebody is in before the provider is asked again." default:"12h" env:"SESSION"`
}

// provider is what the flags describe, nil where they name none.
func (f *oidcFlags) provider() (*signin.Provider, error) {
	if f.Issuer == "" {
		if f.ClientID != "" || f.Secret.Reveal() != "" || f.SecretFile != "" || len(f.Allow) > 0 {
			return nil, usageError{errors.New("--oidc-client-id, --oidc-client-secret and --oidc-allow are about --oidc-issuer, which is not given")}
		}
		return nil, nil
	}
	secret, err := f.secret()
	if err != nil {
		return nil, err
	}
	p, err := signin.New(signin.Config{
		Issuer: f.Issuer, Client: f.ClientID, Secret: secret, Scopes: f.Scopes, Rules: f.Allow, Name: f.Name, Lasts: f.Session,
	})
	if err != nil {
		return nil, usageError{fmt.Errorf("--oidc-…: %s", models.AsError(err).Message)}
	}
	return p, nil
}

// secret is the client's, wherever it was put.
func (f *oidcFlags) secret() (config.Secret, error) {
	if f.SecretFile == "" {
		return f.Secret, nil
	}
	if f.Secret.Reveal() != "" {
		return config.Secret{}, usageError{errors.New("--oidc-client-secret and --oidc-client-secret-file: give one of them")}
	}
	text, err := os.ReadFile(f.SecretFile)
	if err != nil {
		return config.Secret{}, usageError{fmt.Errorf("--oidc-client-secret-file: %w", err)}
	}
	return config.NewSecret(strings.TrimSpace(string(text))), nil
}
