package models_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

func TestLabelsHaveBounds(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for i := range models.MaxLabels {
		many[fmt.Sprint("key", i)] = ""
	}
	longest := "k" + strings.Repeat("x", 62)
	for _, labels := range []map[string]string{nil, many, {"env": "Prod ✓"}, {longest: strings.Repeat("v", models.MaxLabelValue)}, {"a-b_1": ""}} {
		if err := models.CheckLabels(labels); err != nil {
			t.Errorf("%.80v: %v", labels, err)
		}
	}
	for _, labels := range []map[string]string{
		{"": ""}, {"Env": ""}, {"1": ""}, {"é": ""}, {"a b": ""}, {"a\n": ""}, {longest + "x": ""},
		{"env": strings.Repeat("v", models.MaxLabelValue+1)}, {"env": "\xff"},
	} {
		if err := models.CheckLabels(labels); models.ErrorCode(err) != models.CodeInvalidArgument {
			t.Errorf("%.80v: %v, want INVALID_ARGUMENT", labels, err)
		}
	}
	many["more"] = ""
	if err := models.CheckLabels(many); models.ErrorCode(err) != models.CodeInvalidArgument {
		t.Errorf("%d labels: %v, want INVALID_ARGUMENT", len(many), err)
	}
}

func TestKeysAndSessionsHaveAnEnd(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, test := range map[string]struct {
		key  models.Key
		want bool
	}{
		"one without end":   {models.Key{}, true},
		"before its end":    {models.Key{Expires: now.Add(1)}, true},
		"at its end":        {models.Key{Expires: now}, false},
		"revoked":           {models.Key{Revoked: now}, false},
		"revoked, no end":   {models.Key{Expires: now.Add(1), Revoked: now}, false},
		"revoked some time": {models.Key{Revoked: now.Add(time.Hour)}, false},
	} {
		if got := test.key.Active(now); got != test.want {
			t.Errorf("a key %s is active: %v", name, got)
		}
	}
	s := models.Session{Expires: now}
	if !s.Active(now.Add(-1)) || s.Active(now) {
		t.Error("a session does not end when it expires")
	}
}

func TestAdminIsEveryScope(t *testing.T) {
	t.Parallel()
	for _, one := range models.Scopes() {
		if !models.Allows([]models.Scope{models.ScopeAdmin}, one) || !models.Allows([]models.Scope{models.ScopePlay, one}, one) {
			t.Errorf("%s is not allowed", one)
		}
		if models.Allows(nil, one) || one != models.ScopeWrite && models.Allows([]models.Scope{models.ScopeWrite}, one) {
			t.Errorf("%s is allowed", one)
		}
	}
}
