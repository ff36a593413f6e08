package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/config"
)

func TestASecretNeverPrints(t *testing.T) {
	t.Parallel()
	const value = "hunter2"
	holder := struct {
		Key config.Secret
		key config.Secret
	}{config.NewSecret(value), config.NewSecret(value)}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+"\n", holder, holder.Key, &holder)
	}
	fmt.Fprintln(&out, holder.Key, holder, holder.key)
	encoded, err := json.Marshal(map[config.Secret]any{holder.Key: holder})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("opened", "key", holder.Key, "config", holder)
	slog.New(slog.NewTextHandler(&out, nil)).Info("opened", "key", holder.Key, "config", holder)
	if text := out.String(); strings.Contains(text, value) || strings.Contains(text, fmt.Sprintf("%x", value)) {
		t.Errorf("the secret is in:\n%s", text)
	}
	if holder.Key.Reveal() != value {
		t.Error("its value is lost")
	}
}

func TestASecretIsReadFromText(t *testing.T) {
	t.Parallel()
	var holder struct{ Key, None config.Secret }
	if err := json.Unmarshal([]byte(`{"Key":"hunter2"}`), &holder); err != nil {
		t.Fatal(err)
	}
	if holder.Key.Reveal() != "hunter2" || holder.None.Reveal() != "" {
		t.Errorf("%q and %q", holder.Key.Reveal(), holder.None.Reveal())
	}
}
