package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

type keysCmd struct {
	Workspace string `help:"The workspace that the keys open." default:"${workspace}" env:"CUEPOINT_WORKSPACE" placeholder:"NAME"`

	Create keysCreateCmd `cmd:"" help:"Make a key and print its token, which is kept nowhere."`
	List   keysListCmd   `cmd:"" help:"List the keys, those too that are good no longer."`
	Revoke keysRevokeCmd `cmd:"" help:"Make keys good for nothing, within seconds."`
}

// keys calls use with the library whose keys are meant, and a context for its
// calls that names the workspace. They are in the database alone, which several
// processes may write to.
func (e *env) keys(create bool, use func(context.Context, *library) error) error {
	workspace := e.cli.Keys.Workspace
	if !access.ValidWorkspace(workspace) {
		return usageError{fmt.Errorf("--workspace: %q is no name for one; want small letters, digits and hyphens, at most 63", workspace)}
	}
	ctx := e.ctx
	if e.cli.Server == "" {
		ctx = metadata.AppendToOutgoingContext(ctx, api.WorkspaceHeader, workspace)
	} else if workspace != models.DefaultWorkspace {
		return usageError{errors.New("--workspace is for the machine that has the library; with --server the workspace is that of --key")}
	}
	return e.ask(create, func(l *library) error { return use(ctx, l) })
}

type keysCreateCmd struct {
	Title   string        `help:"What people know it by." placeholder:"TEXT"`
	Scopes  []string      `help:"What it allows: read (what is known of videos), write (add, change and delete them), play, admin (everything, and keys)." default:"read,play" placeholder:"SCOPE"`
	Expires time.Duration `help:"For how long it is good; for ever unless given." placeholder:"TIME"`
}

// Run makes a key.
func (c *keysCreateCmd) Run(e *env) error {
	key := &cuepointv1.Key{Title: valid(c.Title)}
	for _, scope := range c.Scopes {
		known, ok := cuepointv1.Scope_value["SCOPE_"+strings.ToUpper(scope)]
		if !ok || known == 0 {
			return usageError{fmt.Errorf("--scopes: there is no scope %q; want some of read, write, play and admin", scope)}
		}
		key.Scopes = append(key.Scopes, cuepointv1.Scope(known))
	}
	if c.Expires != 0 {
		key.ExpireTime = timestamppb.New(time.Now().Add(c.Expires))
	}
	return e.keys(true, func(ctx context.Context, l *library) error {
		made, err := l.Keys.CreateKey(ctx, &cuepointv1.CreateKeyRequest{Key: key})
		if err != nil {
			return err
		}
		return e.print(struct {
			keyEntry
			Token string `json:"token"`
		}{keyOf(made), made.GetToken()}, "%s\n", made.GetToken())
	})
}

type keysListCmd struct{}

// Run lists the keys, newest first.
func (keysListCmd) Run(e *env) error {
	return e.keys(false, func(ctx context.Context, l *library) error {
		out := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		for req := (&cuepointv1.ListKeysRequest{PageSize: 500}); ; {
			page, err := l.Keys.ListKeys(ctx, req)
			if err != nil {
				return err
			}
			for _, key := range page.GetKeys() {
				entry := keyOf(key)
				if e.cli.JSON {
					if err := e.print(entry, ""); err != nil {
						return err
					}
					continue
				}
				fmt.Fprintf(out, "%s\t%s\t%v\tmade %s\tused %s\t%s\n",
					entry.ID, entry.state(time.Now()), entry.Scopes, day(entry.Created), day(entry.LastUsed), entry.Title)
			}
			if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
				return out.Flush()
			}
		}
	})
}

type keysRevokeCmd struct {
	IDs []string `arg:"" name:"id" help:"The keys, as list shows them."`
}

// Run revokes keys.
func (c *keysRevokeCmd) Run(e *env) error {
	return e.keys(false, func(ctx context.Context, l *library) error {
		for _, id := range c.IDs {
			if _, err := l.Keys.RevokeKey(ctx, &cuepointv1.RevokeKeyRequest{Name: "keys/" + valid(id)}); err != nil {
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

func keyOf(k *cuepointv1.Key) keyEntry {
	entry := keyEntry{
		ID: strings.TrimPrefix(k.GetName(), "keys/"), Title: k.GetTitle(), Created: timeOf(k.GetCreateTime()),
		Expires: timeOf(k.GetExpireTime()), LastUsed: timeOf(k.GetLastUseTime()), Revoked: timeOf(k.GetRevokeTime()),
	}
	for _, scope := range k.GetScopes() {
		entry.Scopes = append(entry.Scopes, models.Scope(word(scope.String(), "SCOPE_")))
	}
	return entry
}

// timeOf is a time in an answer, the zero time where it is not set.
func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
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
