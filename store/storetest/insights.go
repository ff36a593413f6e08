package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func commit(t *testing.T, s store.Library, c store.Commit) {
	t.Helper()
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func run(stage string) models.StageRun {
	return models.StageRun{ID: "r1", Stage: stage, Status: models.StageDone, Attempt: 1}
}

func cues(t *testing.T, s store.Library, q store.CueQuery) []models.Cue {
	t.Helper()
	got, err := s.Cues(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func testCommit(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	other := cue(9, "shots", models.CueShot, 0, time.Second, "")
	commit(t, s, store.Commit{VideoID: v.ID, Run: run("shots"), Cues: []models.Cue{other}})
	commit(t, s, store.Commit{VideoID: v.ID, Run: run("speech"),
		Cues:      []models.Cue{cue(1, "speech", models.CueSpeech, 0, time.Second, "old")},
		Artifacts: []models.Artifact{{Path: "old.vtt", Kind: models.ArtifactCaptions}},
		Media:     &models.MediaInfo{Container: "mov"},
	})
	want := cue(2, "speech", models.CueSpeech, time.Second, 2*time.Second, "new")
	artifact := models.Artifact{Path: "new.vtt", Kind: models.ArtifactCaptions, Type: "text/vtt", Language: "en", Time: time.Second, Width: 2, Height: 3}
	commit(t, s, store.Commit{VideoID: v.ID, Run: run("speech"), Cues: []models.Cue{want}, Artifacts: []models.Artifact{artifact}})

	if diff := cmp.Diff([]models.Cue{other, want}, cues(t, s, store.CueQuery{VideoID: v.ID})); diff != "" {
		t.Errorf("cues (-want +got):\n%s", diff)
	}
	artifact.VideoID, artifact.Stage, artifact.Run = v.ID, "speech", "r1"
	artifacts, err := s.Artifacts(t.Context(), v.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]models.Artifact{artifact}, artifacts); diff != "" {
		t.Errorf("artifacts (-want +got):\n%s", diff)
	}
	got, err := s.Video(t.Context(), v.ID)
	if err != nil || got.Media == nil || got.Media.Container != "mov" {
		t.Errorf("media is %+v (%v), want what the first commit said", got.Media, err)
	}
}

func testCommitAtomic(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	want := cue(1, "speech", models.CueSpeech, 0, time.Second, "kept")
	commit(t, s, store.Commit{VideoID: v.ID, Run: run("speech"), Cues: []models.Cue{want}})
	twice := cue(2, "speech", models.CueSpeech, 0, time.Second, "never")
	failed := run("speech")
	failed.Attempt = 2
	err := s.Commit(t.Context(), store.Commit{VideoID: v.ID, Run: failed, Cues: []models.Cue{twice, twice}})
	wantCode(t, err, models.CodeAlreadyExists)
	if diff := cmp.Diff([]models.Cue{want}, cues(t, s, store.CueQuery{VideoID: v.ID})); diff != "" {
		t.Errorf("cues (-want +got):\n%s", diff)
	}
	if got, err := s.Video(t.Context(), v.ID); err != nil || got.Run("speech").Attempt != 1 {
		t.Errorf("run is %+v (%v), want the first", got.Run("speech"), err)
	}
}

func testCues(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	late := cue(1, "speech", models.CueSpeech, 5*time.Second, 6*time.Second, "late")
	early := cue(2, "speech", models.CueSpeech, 0, 2*time.Second, "early")
	shot := cue(3, "speech", models.CueShot, time.Second, 7*time.Second, "")
	shot.Data = nil
	commit(t, s, store.Commit{VideoID: v.ID, Run: run("speech"), Cues: []models.Cue{late, early, shot}})
	for name, test := range map[string]struct {
		q    store.CueQuery
		want []models.Cue
	}{
		"all":               {store.CueQuery{VideoID: v.ID}, []models.Cue{early, shot, late}},
		"one kind":          {store.CueQuery{VideoID: v.ID, Kind: models.CueSpeech}, []models.Cue{early, late}},
		"a span":            {store.CueQuery{VideoID: v.ID, From: 2 * time.Second, To: 5 * time.Second}, []models.Cue{shot}},
		"ids":               {store.CueQuery{IDs: []string{"cue1", "none"}}, []models.Cue{late}},
		"no ids":            {store.CueQuery{IDs: []string{}}, nil},
		"of no video known": {store.CueQuery{VideoID: "none"}, nil},
	} {
		if diff := cmp.Diff(test.want, cues(t, s, test.q)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func testManyCues(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	c := store.Commit{VideoID: v.ID, Run: run("speech")}
	for i := range 10_000 {
		c.Cues = append(c.Cues, cue(i, "speech", models.CueSpeech, time.Duration(i), time.Duration(i+1), "word"))
		c.Postings = append(c.Postings, models.Posting{CueID: c.Cues[i].ID, Terms: "word"})
	}
	commit(t, s, c)
	if got := cues(t, s, store.CueQuery{VideoID: v.ID}); len(got) != len(c.Cues) {
		t.Errorf("%d cues, want %d", len(got), len(c.Cues))
	}
	if got := search(t, s, store.SearchQuery{Phrases: []store.Phrase{{Terms: []string{"word"}}}, Limit: 20_000}); len(got) != len(c.Cues) {
		t.Errorf("%d matches, want %d", len(got), len(c.Cues))
	}
}

func search(t *testing.T, s store.Library, q store.SearchQuery) []string {
	t.Helper()
	matches, err := s.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i, m := range matches {
		if i > 0 && m.Score > matches[i-1].Score {
			t.Errorf("match %d has a higher score than the one before", i)
		}
		ids = append(ids, m.CueID)
	}
	slices.Sort(ids)
	return ids
}

func testSearch(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	c := store.Commit{VideoID: v.ID, Run: run("speech")}
	for i, terms := range []string{"the bees make honey", "honey bees", "not or and near", "東京 京都", "naïve"} {
		c.Cues = append(c.Cues, cue(i, "speech", models.CueSpeech, time.Duration(i), time.Duration(i+1), terms))
		c.Postings = append(c.Postings, models.Posting{CueID: c.Cues[i].ID, Terms: terms})
	}
	commit(t, s, c)
	words := func(terms ...string) store.Phrase { return store.Phrase{Terms: terms} }
	for name, test := range map[string]struct {
		q    store.SearchQuery
		want []string
	}{
		"a word":           {store.SearchQuery{Phrases: []store.Phrase{words("honey")}}, []string{"cue0", "cue1"}},
		"all words":        {store.SearchQuery{Phrases: []store.Phrase{words("honey"), words("make")}}, []string{"cue0"}},
		"a phrase":         {store.SearchQuery{Phrases: []store.Phrase{words("honey", "bees")}}, []string{"cue1"}},
		"a prefix":         {store.SearchQuery{Phrases: []store.Phrase{{Terms: []string{"ho"}, Prefix: true}}}, []string{"cue0", "cue1"}},
		"no part of words": {store.SearchQuery{Phrases: []store.Phrase{words("hone")}}, nil},
		"operators":        {store.SearchQuery{Phrases: []store.Phrase{words("not"), words("or"), words("near")}}, []string{"cue2"}},
		"quotes":           {store.SearchQuery{Phrases: []store.Phrase{words(`honey" OR "the`)}}, nil},
		"columns":          {store.SearchQuery{Phrases: []store.Phrase{words(`terms:honey*`)}}, nil},
		"other scripts":    {store.SearchQuery{Phrases: []store.Phrase{words("京都")}}, []string{"cue3"}},
		"a kind":           {store.SearchQuery{Phrases: []store.Phrase{words("honey")}, Kinds: []models.CueKind{models.CueShot}}, nil},
		"another video":    {store.SearchQuery{Phrases: []store.Phrase{words("honey")}, VideoID: "none"}, nil},
	} {
		if diff := cmp.Diff(test.want, search(t, s, test.q)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	_, err := s.Search(t.Context(), store.SearchQuery{})
	wantCode(t, err, models.CodeInvalidArgument)

	// A new index replaces the old one; cues that go take their words along.
	commit(t, s, store.Commit{VideoID: v.ID, Run: run("index"), Postings: []models.Posting{{CueID: "cue0", Terms: "wax"}}})
	if got := search(t, s, store.SearchQuery{Phrases: []store.Phrase{words("honey")}}); got != nil {
		t.Errorf("found %v by words of the index before", got)
	}
	commit(t, s, store.Commit{VideoID: v.ID, Run: run("speech")})
	if got := search(t, s, store.SearchQuery{Phrases: []store.Phrase{words("wax")}}); got != nil {
		t.Errorf("found %v, which is gone", got)
	}
}
