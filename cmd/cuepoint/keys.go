package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

type keysCmd struct {
	Workspace string `help:"The workspace that the keys open." default:"${workspace}" env:"CUEPOINT_WORKSPACE" placeholder:"NAME"`

	Create keysCreateCmd `cmd:"" help:"Make a key and print its token, which is kept nowhere."`
	List   keysListCmd   `cmd:"" help:"List the keys, those too that are good no longer."`
	Revoke keysRevokeCmd `cmd:"" help:"Make keys good for nothing, within seconds."`
}

// keys calls use with the keys of the workspace. They are in the database alone,
// which several processes may write to.
func (e *env) keys(create bool, use func(store.Keyring) error) error {
	workspace := e.cli.Keys.Workspace
	if !access.ValidWorkspace(workspace) {
		return usageError{fmt.Errorf("--workspace: %q is no name for one; want small letters, digits and hyphens, at most 63", workspace)}
	}
	a, err := e.open(create)
	if err != nil {
		return err
	}
	defer a.Close()
	return use(a.In(workspace))
}

type keysCreateCmd struct {
	Title   string         `help:"What people know it by." placeholder:"TEXT"`
	Scopes  []models.Scope `help:"What it allows: read (what is known of videos), write (add, change and delete them), play, admin (everything, and keys)." default:"read,play" placeholder:"SCOPE"`
	Expires time.Duration  `help:"For how long it is good; for ever unless given." placeholder:"TIME"`
}

// Run makes a key.
func (c *keysCreateCmd) Run(e *env) error {
	now := time.Now().UTC()
	r := access.KeyRequest{Title: c.Title, Scopes: c.Scopes}
	if c.Expires != 0 {
		r.Expires = now.Add(c.Expires)
	}
	key, token, err := access.NewKey(r, now)
	if err != nil {
		return err
	}
	return e.keys(true, func(ring store.Keyring) error {
		if err := ring.CreateKey(e.ctx, key); err != nil {
			return err
		}
		return e.print(struct {
			keyEntry
			Token string `json:"token"`
		}{entryOf(&key), token.Reveal()}, "%s\n", token.Reveal())
	})
}

type keysListCmd struct{}

// Run lists the keys, newest first.
func (keysListCmd) Run(e *env) error {
	return e.keys(false, func(ring store.Keyring) error {
		keys, err := ring.Keys(e.ctx)
		if err != nil {
			return err
		}
		out := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		for i := range keys {
			entry := entryOf(&keys[i])
			if e.cli.JSON {
				if err := e.print(entry, ""); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintf(out, "%s\t%s\t%v\tmade %s\tused %s\t%s\n",
				entry.ID, entry.state(time.Now()), entry.Scopes, day(entry.Created), day(entry.LastUsed), entry.Title)
		}
		return out.Flush()
	})
}

type keysRevokeCmd struct {
	IDs []string `arg:"" name:"id" help:"The keys, as list shows them."`
}

// Run revokes keys.
func (c *keysRevokeCmd) Run(e *env) error {
	return e.keys(false, func(ring store.Keyring) error {
		for _, id := range c.IDs {
			if err := ring.RevokeKey(e.ctx, id, time.Now().UTC()); err != nil {
				return err
			}
			if err := e.print(map[string]any{"id": id, "revoked": true}, "%s revoked\n", id); err != nil {
				return err
			}
		}
		return nil
	})
}

// keyEntry is a key as the command line prints it.
type keyEntry struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Scopes   []models.Scope `json:"scopes"`
	Created  time.Time      `json:"created"`
	Expires  time.Time      `json:"expires,omitzero"`
	LastUsed time.Time      `json:"last_used,omitzero"`
	Revoked  time.Time      `json:"revoked,omitzero"`
}

func entryOf(k *models.Key) keyEntry {
	return keyEntry{k.ID, k.Title, k.Scopes, k.Created, k.Expires, k.LastUsed, k.Revoked}
}

func (k keyEntry) state(now time.Time) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked " + day(k.Revoked)
	case k.Expires.IsZero():
		return "good"
	case now.Before(k.Expires):
		return "good until " + day(k.Expires)
	}
	return "expired " + day(k.Expires)
}

func day(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.DateOnly)
}
