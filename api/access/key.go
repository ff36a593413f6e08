package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/models"
)

// maxTitle bounds the title of a key, in characters.
const maxTitle = 100

// KeyRequest says what a key is to allow.
type KeyRequest struct {
	Title   string
	Scopes  []models.Scope
	Expires time.Time // zero: never
}

// NewKey makes a key, and the token that shows it: ck_<id>_<secret>, which
// nobody can make again. INVALID_ARGUMENT says what is wrong with a request.
func NewKey(r KeyRequest, now time.Time) (models.Key, config.Secret, error) {
	if err := r.validate(now); err != nil {
		return models.Key{}, config.Secret{}, err
	}
	secret := models.RandomText(32)
	k := models.Key{
		ID: models.NewID(), Title: r.Title, Scopes: r.Scopes, Hash: hash(secret),
		Created: now.Truncate(time.Microsecond), Expires: r.Expires.Truncate(time.Microsecond), // as it is remembered
	}
	return k, config.NewSecret("ck_" + k.ID + "_" + secret), nil
}

func (r KeyRequest) validate(now time.Time) error {
	if !utf8.ValidString(r.Title) || utf8.RuneCountInString(r.Title) > maxTitle || strings.ContainsFunc(r.Title, unicode.IsControl) {
		return models.Errorf(models.CodeInvalidArgument, "want a title of at most %d characters on one line", maxTitle)
	}
	if len(r.Scopes) == 0 {
		return models.Errorf(models.CodeInvalidArgument, "a key without a scope opens nothing; want some of %s", scopeNames(models.Scopes()))
	}
	if !ValidScopes(r.Scopes) {
		return models.Errorf(models.CodeInvalidArgument, "want each of %s once at most", scopeNames(models.Scopes()))
	}
	if !r.Expires.IsZero() && !r.Expires.After(now) {
		return models.Errorf(models.CodeInvalidArgument, "want an end that is still to come")
	}
	return nil
}

func scopeNames(scopes []models.Scope) string {
	var names []string
	for _, s := range scopes {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

var tokenPattern = regexp.MustCompile(`^ck_([0-9a-z]{16})_([0-9A-Za-z]{32})$`)

// parseToken takes the token of a key apart.
func parseToken(token string) (id, secret string, ok bool) {
	m := tokenPattern.FindStringSubmatch(token)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// matches compares a secret with the hash of one, in the same time whatever
// they have in common.
func matches(secret, hashed string) bool {
	return subtle.ConstantTimeCompare([]byte(hash(secret)), []byte(hashed)) == 1
}

// hash is how secrets are remembered. They have more bits than anybody can try,
// so it need not be slow.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
