package api

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
)

// maxLogin bounds what is posted to sign in, in bytes.
const maxLogin = 4 << 10

// session is what GET /session and POST /login answer: what a browser may do.
type session struct {
	SignedIn  bool           `json:"signedIn"`
	Workspace string         `json:"workspace,omitempty"`
	Person    string         `json:"person,omitempty"` // whom a provider named who signed in there
	Scopes    []models.Scope `json:"scopes"`
	CSRF      string         `json:"csrf,omitempty"`     // for the header [CSRFHeader]
	Provider  string         `json:"provider,omitempty"` // the name of who else one may sign in with; see [Server.beginSignIn]
}

// routeSessions adds how browsers sign in and out.
func (s *Server) routeSessions(mux *http.ServeMux) {
	fail := Problems(s.log)
	route := func(pattern string, handle func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := handle(w, r); err != nil {
				fail(w, r, err)
			}
		})
	}
	route("POST /login", s.login) // others are the page's
	route("POST /logout", s.logout)
	route("GET /session", s.session)
	route("POST /login/oidc", s.beginSignIn)
	mux.HandleFunc("GET "+callback, s.endSignIn)
	for path, method := range map[string]string{"/logout": http.MethodPost, "/session": http.MethodGet, "/login/oidc": http.MethodPost, callback: http.MethodGet} {
		route(path, func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Allow", method)
			return models.Errorf(models.CodeUnimplemented, "%s does not take %s", path, r.Method)
		})
	}
}

// login makes a session for who posts {"token": …}, which is a key or what a
// link to sign in with carries. The session is a new one, whatever cookie came,
// and the one of that cookie ends.
func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	var posted struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxLogin)).Decode(&posted); err != nil {
		return models.Errorf(models.CodeInvalidArgument, `want {"token": "…"}`)
	}
	cookie, made, err := s.gate.SignIn(r.Context(), posted.Token, hostOf(r.RemoteAddr))
	if err != nil {
		return err
	}
	if err := s.gate.SignOut(r.Context(), cookieOf(r)); err != nil {
		return err
	}
	setCookie(w, r, cookie.Reveal(), made.Expires)
	return s.writeSession(w, session{SignedIn: true, Workspace: made.Workspace, Scopes: made.Scopes, CSRF: access.CSRF(cookie.Reveal())})
}

// logout ends the session, where there is one.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) error {
	shown, err := shownByRequest(r)
	if err != nil {
		return err
	}
	if err := s.gate.SignOut(r.Context(), shown.Session); err != nil {
		return err
	}
	setCookie(w, r, "", time.Unix(1, 0))
	return s.writeSession(w, session{Scopes: []models.Scope{}})
}

// session tells what the browser may do. That it may do nothing is an answer.
func (s *Server) session(w http.ResponseWriter, r *http.Request) error {
	shown, err := shownByRequest(r)
	if err != nil {
		return err
	}
	caller, err := s.gate.Identify(r.Context(), shown)
	answer := session{SignedIn: caller.Session, Workspace: caller.Workspace, Person: caller.Person, Scopes: caller.Scopes}
	if models.ErrorCode(err) == models.CodeUnauthenticated {
		answer, err = session{Scopes: []models.Scope{}}, nil
	}
	if err != nil {
		return err
	}
	if caller.Session {
		answer.CSRF = access.CSRF(shown.Session)
	}
	return s.writeSession(w, answer)
}

// setCookie gives a browser the cookie of its session, or takes it away. Strict
// does no harm: the page itself is for everybody, and what it asks for then comes
// from its own site.
func setCookie(w http.ResponseWriter, r *http.Request, value string, expires time.Time) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r), Value: value, Path: "/", Expires: expires,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: isSecure(r),
	})
}

func (s *Server) writeSession(w http.ResponseWriter, answer session) error {
	if s.provider != nil {
		answer.Provider = s.provider.Name()
	}
	return writeJSON(w, answer)
}

func writeJSON(w http.ResponseWriter, answer any) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(body) //nolint:errcheck // the client has gone
	return nil
}

// sameOrigin refuses what a page of somebody else's makes a browser send, other
// than to read.
func sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := checkOrigin(r); err != nil {
			writeProblem(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func checkOrigin(r *http.Request) error {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return models.Errorf(models.CodePermissionDenied, "a page of another site cannot change anything here").Because(err)
	}
	return nil
}

// Players lets those through to published files who may read or play, and tells
// what serves them who they are.
func Players(gate *access.Gate, fail func(http.ResponseWriter, *http.Request, error), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown, err := shownByRequest(r)
		if err != nil {
			fail(w, r, err)
			return
		}
		caller, err := gate.Identify(r.Context(), shown)
		if err == nil && !caller.May(models.ScopeRead) {
			err = permit(caller, models.ScopePlay)
		}
		if err != nil {
			fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(access.With(r.Context(), caller)))
	})
}
