package app

import (
	"context"
	"net"
	"time"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
)

// UsualRate is how often each key and each browser may ask, unless somebody says
// otherwise.
func UsualRate() access.Rate { return access.Rate{PerSecond: 100, Burst: 200} }

// gate lets in who comes over the network.
func (a *App) gate(cfg ServeConfig) *access.Gate {
	c := access.Config{
		Store: a.db, PerCaller: cfg.Rate, PerAddress: access.Rate{PerSecond: 20, Burst: 100}, Streams: 64, Log: a.log,
	}
	if cfg.Open {
		c.Anonymous = &access.Caller{Workspace: models.DefaultWorkspace, Scopes: []models.Scope{models.ScopeRead, models.ScopePlay}}
	}
	return access.NewGate(c)
}

// welcome makes the first key of a database, and a link to sign in with: for
// who started this process, who sees it alone where nobody else can come in, or
// where it is the first.
func (h *Holder) welcome(ctx context.Context, cfg ServeConfig, gate *access.Gate, at net.Addr) (Started, error) {
	s := Started{Address: at}
	if gate == nil || cfg.Open {
		return s, nil
	}
	there, err := h.db.HasKeys(ctx)
	if err != nil {
		return s, err
	}
	if !there {
		key, token, err := access.NewKey(access.KeyRequest{Title: "the first key", Scopes: []models.Scope{models.ScopeAdmin}}, time.Now().UTC())
		if err != nil {
			return s, err
		}
		if err := h.Store.CreateKey(ctx, key); err != nil {
			return s, err
		}
		s.Key = token
	}
	if tcp, ok := at.(*net.TCPAddr); !there || ok && tcp.IP.IsLoopback() {
		s.Login = gate.NewLogin()
	}
	return s, nil
}
