package search_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/internal/search"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

func ExampleSearcher_Search() {
	library, closeLibrary, err := exampleLibrary(
		"Bees carry nectar back to the hive.",
		"There, a bee dances to tell where flowers are.",
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer closeLibrary()

	hits, err := search.New(library).Search(context.Background(), search.Query{Text: `bee "dances to tell"`})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, hit := range hits {
		fmt.Printf("%s at %v: ", hit.Video.Title, hit.Cue.Start)
		for _, part := range hit.Snippet {
			if part.Hit {
				fmt.Print("[", part.Text, "]")
			} else {
				fmt.Print(part.Text)
			}
		}
		fmt.Println()
	}
	// Output:
	// A talk at 1s: There, a [bee] [dances to tell] where flowers are.
}

// exampleLibrary is a library with one video, in which a sentence is said in
// each second.
func exampleLibrary(sentences ...string) (library store.Library, closeLibrary func(), err error) {
	dir, err := os.MkdirTemp("", "library")
	if err != nil {
		return nil, nil, err
	}
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(dir, "cuepoint.db"))
	if err != nil {
		return nil, nil, err
	}
	library = db.In(models.DefaultWorkspace)
	talk := models.Transcript{Language: "en", Source: models.SourceImported}
	for i, said := range sentences {
		start := time.Duration(i) * time.Second
		talk.Segments = append(talk.Segments, models.Segment{Start: start, End: start + time.Second, Text: said, Confidence: 1})
	}
	video := &models.Video{ID: models.NewID(), Title: "A talk", State: models.VideoReady}
	result := store.Commit{VideoID: video.ID, Run: models.StageRun{Stage: "speech"}, Cues: talk.Cues()}
	for i := range result.Cues {
		cue := &result.Cues[i]
		cue.ID = models.NewUUID()
		result.Postings = append(result.Postings, models.Posting{CueID: cue.ID, Terms: text.Terms(cue.Text)})
	}
	if err := library.CreateVideo(ctx, video); err != nil {
		return nil, nil, err
	}
	return library, func() { db.Close(); os.RemoveAll(dir) }, library.Commit(ctx, result)
}
