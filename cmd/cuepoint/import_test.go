package main

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhereImportsMayComeFromIsSaidInRanges(t *testing.T) {
	t.Parallel()
	f := uploadFlags{Import: true, Allow: []string{"10.0.0.7", "fd00::/8"}}
	client, err := f.importer()
	if err != nil {
		t.Fatal(err)
	}
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.7/32"), netip.MustParsePrefix("fd00::/8")}
	if diff := cmp.Diff(want, client.Guard.Allow, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	for _, wrong := range []string{"localhost", "10.0.0.0/33", "::ffff:10.0.0.0/104"} {
		var out bytes.Buffer
		if status := run(t.Context(), []string{"serve", "--data", t.TempDir(), "--import-allow=" + wrong}, &out, &out); status != exitUsage || !strings.Contains(out.String(), "--import-allow") {
			t.Errorf("%q: status %d, said %q", wrong, status, out.String())
		}
	}
	if client, err := (&uploadFlags{}).importer(); err != nil || client != nil {
		t.Errorf("%v, %v", client, err)
	}
}
