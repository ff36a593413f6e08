package api

import (
	"context"
	"encoding/base64"
	"regexp"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// The sizes of a page of keys.
const (
	usualKeys = 100
	mostKeys  = 1000
)

// keyService implements cuepoint.v1.KeyService.
type keyService struct {
	cuepointv1.UnimplementedKeyServiceServer
	libraries Libraries
}

func (s *keyService) CreateKey(ctx context.Context, req *cuepointv1.CreateKeyRequest) (*cuepointv1.Key, error) {
	asked := req.GetKey()
	r := access.KeyRequest{Title: asked.GetTitle()}
	for _, scope := range asked.GetScopes() {
		r.Scopes = append(r.Scopes, scopes[scope]) // "" is refused as no scope
	}
	if end := asked.GetExpireTime(); end != nil {
		if end.CheckValid() != nil {
			return nil, invalid("key.expire_time", "want a time")
		}
		r.Expires = end.AsTime()
	}
	key, token, err := access.NewKey(r, time.Now().UTC())
	if err != nil {
		return nil, about("key", err)
	}
	key.Workspace = access.From(ctx).Workspace
	if err := libraryOf(ctx, s.libraries).CreateKey(ctx, key); err != nil {
		return nil, err
	}
	m := keyMessage(&key)
	m.Token = token.Reveal()
	return m, nil
}

func (s *keyService) GetKey(ctx context.Context, req *cuepointv1.GetKeyRequest) (*cuepointv1.Key, error) {
	id, err := parseKey("name", req.GetName())
	if err != nil {
		return nil, err
	}
	keys, err := libraryOf(ctx, s.libraries).Keys(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(keys, func(k models.Key) bool { return k.ID == id })
	if i < 0 {
		return nil, models.Errorf(models.CodeNotFound, "there is no key %s", id)
	}
	return keyMessage(&keys[i]), nil
}

func (s *keyService) ListKeys(ctx context.Context, req *cuepointv1.ListKeysRequest) (*cuepointv1.ListKeysResponse, error) {
	size, err := pageSize(req.GetPageSize(), usualKeys, mostKeys)
	if err != nil {
		return nil, err
	}
	keys, err := libraryOf(ctx, s.libraries).Keys(ctx)
	if err != nil {
		return nil, err
	}
	if req.GetPageToken() != "" { // the id of the last key before: keys do not go away
		last, err := base64.RawURLEncoding.DecodeString(req.GetPageToken())
		i := slices.IndexFunc(keys, func(k models.Key) bool { return k.ID == string(last) })
		if err != nil || i < 0 {
			return nil, invalid("page_token", "no earlier answer gave this token")
		}
		keys = keys[i+1:]
	}
	resp := &cuepointv1.ListKeysResponse{}
	if len(keys) > size {
		keys = keys[:size]
		resp.NextPageToken = base64.RawURLEncoding.EncodeToString([]byte(keys[size-1].ID))
	}
	for i := range keys {
		resp.Keys = append(resp.Keys, keyMessage(&keys[i]))
	}
	return resp, nil
}

func (s *keyService) RevokeKey(ctx context.Context, req *cuepointv1.RevokeKeyRequest) (*cuepointv1.Key, error) {
	id, err := parseKey("name", req.GetName())
	if err != nil {
		return nil, err
	}
	if err := libraryOf(ctx, s.libraries).RevokeKey(ctx, id, time.Now().UTC()); err != nil {
		return nil, err
	}
	return s.GetKey(ctx, &cuepointv1.GetKeyRequest{Name: req.GetName()})
}

func keyMessage(k *models.Key) *cuepointv1.Key {
	m := &cuepointv1.Key{
		Name: "keys/" + k.ID, Title: valid(k.Title), Workspace: k.Workspace, CreateTime: timeMessage(k.Created),
		ExpireTime: timeMessage(k.Expires), LastUseTime: timeMessage(k.LastUsed), RevokeTime: timeMessage(k.Revoked),
	}
	for _, scope := range k.Scopes {
		m.Scopes = append(m.Scopes, enum[cuepointv1.Scope](cuepointv1.Scope_value, "SCOPE_", string(scope)))
	}
	return m
}

var keyPattern = regexp.MustCompile(`^keys/([0-9a-z]{16})$`)

// parseKey returns the id in a key's name, which stands in a field.
func parseKey(field, name string) (id string, err error) {
	m := keyPattern.FindStringSubmatch(name)
	if m == nil {
		return "", invalid(field, "want keys/{key}, not %q", shorten(name))
	}
	return m[1], nil
}
