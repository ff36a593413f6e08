package blob_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/disk"
)

// Blobs are put whole, read in part, listed by prefix and deleted.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "blobs-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	var store blob.Store
	if store, err = disk.OpenBlobs(dir); err != nil {
		panic(err)
	}
	defer store.Close()

	const key = "videos/v1/speech@r1/captions.en.txt"
	if _, err := store.Put(ctx, key, strings.NewReader("Never sold, baby shoes."), -1, blob.PutOptions{}); err != nil {
		panic(err)
	}
	body, info, err := store.Open(ctx, key, 12, 10)
	if err != nil {
		panic(err)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		panic(err)
	}
	body.Close()
	fmt.Printf("%s of %d bytes\n", text, info.Size)

	for info, err := range blob.All(ctx, store, "videos/v1/") {
		fmt.Println(info.Key, err)
	}
	if err := store.DeletePrefix(ctx, "videos/v1/"); err != nil {
		panic(err)
	}
	_, err = store.Stat(ctx, key)
	fmt.Println(models.ErrorCode(err))
	// Output:
	// baby shoes of 23 bytes
	// videos/v1/speech@r1/captions.en.txt <nil>
	// NOT_FOUND
}
