package browser_test

import (
	"net/url"
	"testing"

	"github.com/cuepoint/cuepoint/internal/testenv"
)

// The provider goes by another name than the server, as providers do: browsers
// keep cookies that are Strict to themselves when its page leads back.
func TestSignInAtAProvider(t *testing.T) {
	t.Parallel()
	p := testenv.NewOIDC(t, map[string]any{"groups": []string{"editors"}})
	link, err := url.Parse(serve(t, t.TempDir(), "--oidc-issuer", p.Issuer, "--oidc-client-id", testenv.OIDCClient,
		"--oidc-client-secret", testenv.OIDCSecret, "--oidc-allow", "groups=editors:default:read,play", "--oidc-name", "Example"))
	if err != nil {
		t.Fatal(err)
	}
	steps(t, script(t, "signin.mjs", "http://"+link.Host))
}
