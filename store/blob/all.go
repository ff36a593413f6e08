package blob

import (
	"context"
	"iter"
)

// page is how many blobs [All] asks for at once: as many as S3 returns.
const page = 1000

// All goes through the blobs below a prefix in the order of their keys. An
// error is the last thing it yields.
func All(ctx context.Context, s Store, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		after := ""
		for {
			infos, err := s.List(ctx, prefix, after, page)
			if err != nil {
				yield(Info{}, err)
				return
			}
			for _, info := range infos {
				if !yield(info, nil) {
					return
				}
				after = info.Key
			}
			if len(infos) < page {
				return
			}
		}
	}
}
