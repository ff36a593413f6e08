package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/signin"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/models"
)

// callback is where browsers come back to from the provider.
const callback = "/login/callback"

// flowLife is how long a browser may be away at the provider.
const flowLife = 10 * time.Minute

// beginSignIn answers with where a browser has to go to be asked who it is. Only
// a page of ours can begin: what comes back has to be what that browser began.
func (s *Server) beginSignIn(w http.ResponseWriter, r *http.Request) error {
	if s.provider == nil {
		return models.Errorf(models.CodeUnimplemented, "here one signs in with a key alone")
	}
	if _, err := s.gate.Attempt(hostOf(r.RemoteAddr)); err != nil {
		return err
	}
	flow := signin.NewFlow()
	location, err := s.provider.Begin(r.Context(), flow, callbackOf(r))
	if err != nil {
		s.noteSignIn(r.Context(), err)
		return err
	}
	setFlow(w, r, flow.String(), time.Now().Add(flowLife))
	return writeJSON(w, map[string]string{"location": location})
}

// endSignIn makes a session for a browser that has come back, and leads it to the
// page, wherever that was opened: the page itself knows. Of an error it is told
// the code alone, for which the page has words: nobody else's come in this way.
func (s *Server) endSignIn(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	cookie, expires, err := s.signedIn(w, r)
	if err != nil {
		s.noteSignIn(r.Context(), err)
		http.Redirect(w, r, "/login#problem="+string(visible(err).Code), http.StatusSeeOther)
		return
	}
	setCookie(w, r, cookie.Reveal(), expires)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// signedIn makes the session, and ends the flow that came to its end.
func (s *Server) signedIn(w http.ResponseWriter, r *http.Request) (cookie config.Secret, expires time.Time, err error) {
	if s.provider == nil {
		return cookie, expires, models.Errorf(models.CodeUnimplemented, "here one signs in with a key alone")
	}
	succeeded, err := s.gate.Attempt(hostOf(r.RemoteAddr))
	if err != nil {
		return cookie, expires, err
	}
	answer := r.URL.Query()
	flow := flowOf(r)
	if flow.Matches(answer.Get("state")) {
		setFlow(w, r, "", time.Unix(1, 0))
	}
	person, err := s.provider.Finish(r.Context(), flow, callbackOf(r), answer)
	if err != nil {
		return cookie, expires, err
	}
	succeeded()
	cookie, made, err := s.gate.Begin(r.Context(),
		access.Caller{Workspace: person.Rule.Workspace, Scopes: person.Rule.Scopes, Person: person.Name}, s.provider.Lasts())
	if err != nil {
		return cookie, expires, err
	}
	s.log.InfoContext(r.Context(), "signed in", "subject", person.Subject, "person", person.Name, "claim", person.Rule.Claim, "value", person.Rule.Value,
		"workspace", made.Workspace, "scopes", made.Scopes)
	return cookie, made.Expires, s.gate.SignOut(r.Context(), cookieOf(r))
}

// noteSignIn tells the log why somebody did not get in, louder where the operator
// can do something about it.
func (s *Server) noteSignIn(ctx context.Context, err error) {
	level := slog.LevelInfo
	if code := visible(err).Code; code == models.CodeSignInUnavailable || code == models.CodeInternal {
		level = slog.LevelWarn
	}
	s.log.Log(ctx, level, "sign-in failed", "error", err)
}

// callbackOf is the address that the provider sends a browser back to: at the
// name by which it came, which is one of ours ([Guard]).
func callbackOf(r *http.Request) string {
	scheme := "http"
	if isSecure(r) {
		scheme = "https"
	}
	return scheme + "://" + r.Host + callback
}

// flowName is the name of the cookie of a flow.
func flowName(r *http.Request) string { return cookieName(r) + "-signin" }

// setFlow gives a browser the cookie of its flow, or takes it away. It is Lax
// because the provider's page leads back: a Strict one would stay away.
func setFlow(w http.ResponseWriter, r *http.Request, value string, expires time.Time) {
	http.SetCookie(w, &http.Cookie{
		Name: flowName(r), Value: value, Path: "/", Expires: expires,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: isSecure(r),
	})
}

// flowOf returns the flow of a browser, the zero one where it has none.
func flowOf(r *http.Request) signin.Flow {
	cookie, err := r.Cookie(flowName(r))
	if err != nil {
		return signin.Flow{}
	}
	flow, _ := signin.ParseFlow(cookie.Value)
	return flow
}
