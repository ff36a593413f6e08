package config_test

import (
	"testing"

	"github.com/cuepoint/cuepoint/internal/config"
)

func TestAHostIsThisMachine(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost": true, "127.0.0.1": true, "127.8.9.10": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "::": false, "192.168.0.1": false, "::ffff:192.168.0.1": false,
		"localhost.example.org": false, "127.0.0.1.example.org": false, "127.0.0.1:8080": false,
	} {
		if got := config.IsLoopback(host); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}
