package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/models/weights"
)

type modelsCmd struct {
	List   modelsListCmd   `cmd:"" help:"List the models there are, and which are here."`
	Pull   modelsPullCmd   `cmd:"" help:"Download models; goes on where an earlier download broke off."`
	Verify modelsVerifyCmd `cmd:"" help:"Check the files that are here against their SHA-256."`
	Path   modelsPathCmd   `cmd:"" help:"Print where a model's file lies."`
}

type modelsListCmd struct{}

// Run lists the catalogue and what is here of it, or on the server that is named.
func (modelsListCmd) Run(e *env) error {
	list, err := e.models()
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, m := range list {
		if e.cli.JSON {
			if err := e.print(m, ""); err != nil {
				return err
			}
			continue
		}
		note := m.Path
		if m.Available && e.cli.Server != "" {
			note = "on the server"
		}
		if m.Default {
			note += " (default)"
		}
		fmt.Fprintf(out, "%s\t%s\t%.1f MB\t%s\t%s\n", m.Name, m.Kind, float64(m.Bytes)/1e6, m.SHA256, note)
	}
	return out.Flush()
}

// modelEntry is a model as the command line prints it.
type modelEntry struct {
	weights.Status
	Available bool `json:"available"` // its file is there; on a server its path is nobody's business
}

// models are those there are on this machine, or on the server that is named.
func (e *env) models() (list []modelEntry, err error) {
	if e.cli.Server == "" {
		for _, m := range app.Weights(e.config()).List() {
			list = append(list, modelEntry{m, m.Path != ""})
		}
		return list, nil
	}
	err = e.ask(false, func(l *library) error {
		for req := (&cuepointv1.ListModelsRequest{PageSize: 500}); ; {
			page, err := l.Models.ListModels(e.ctx, req)
			if err != nil {
				return err
			}
			for _, m := range page.GetModels() {
				list = append(list, modelOf(m))
			}
			if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
				return nil
			}
		}
	})
	return list, err
}

func modelOf(m *cuepointv1.Model) modelEntry {
	return modelEntry{weights.Status{
		Model: weights.Model{
			Name: strings.TrimPrefix(m.GetName(), "models/"), Kind: weights.Kind(word(m.GetKind().String(), "KIND_")), Bytes: m.GetBytes(), SHA256: m.GetSha256(),
		},
		Partial: m.GetPartialBytes(), Default: m.GetDefault(),
	}, m.GetAvailable()}
}

type modelsPullCmd struct {
	Names []string `arg:"" optional:"" name:"name" help:"Models; the default one and the voice activity model unless given."`
}

// Run downloads models and prints where they lie.
func (c *modelsPullCmd) Run(e *env) error {
	if len(c.Names) == 0 {
		c.Names = []string{weights.DefaultSpeech, weights.VAD}
	}
	store := app.Weights(e.config())
	for _, name := range c.Names {
		progress, done := e.download(name)
		file, err := store.Pull(e.ctx, name, progress)
		done()
		if err != nil {
			return err
		}
		if err := e.print(modelFile(file), "%s\n", file.Path); err != nil {
			return err
		}
	}
	return nil
}

// modelFile is a file's JSON form.
func modelFile(f weights.File) map[string]string {
	return map[string]string{"name": f.Name, "path": f.Path, "sha256": f.SHA256}
}

// download draws a bar on a terminal. done leaves it as it is.
func (e *env) download(name string) (progress weights.Progress, done func()) {
	f, ok := e.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, func() {}
	}
	container := mpb.New(mpb.WithOutput(f), mpb.WithWidth(48))
	bar := container.AddBar(0,
		mpb.PrependDecorators(decor.Name(name+" ")),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f")))
	progress = func(here, total int64) {
		bar.SetTotal(total, false)
		bar.SetCurrent(here)
	}
	return progress, func() {
		bar.Abort(false)
		container.Wait()
	}
}

type modelsVerifyCmd struct {
	Names []string `arg:"" optional:"" name:"name" help:"Models; all that are here unless given."`
}

// Run reads every file whole and compares its sum.
func (c *modelsVerifyCmd) Run(e *env) error {
	store := app.Weights(e.config())
	if len(c.Names) == 0 {
		for _, m := range store.List() {
			if m.Path != "" {
				c.Names = append(c.Names, m.Name)
			}
		}
	}
	for _, name := range c.Names {
		file, err := store.Verify(e.ctx, name)
		if err != nil {
			return err
		}
		if err := e.print(modelFile(file), "%s  %s  ok\n", file.SHA256, file.Path); err != nil {
			return err
		}
	}
	return nil
}

type modelsPathCmd struct {
	Name string `arg:"" optional:"" help:"The model; the default one unless given."`
}

// Run prints where a model's file lies.
func (c *modelsPathCmd) Run(e *env) error {
	name := c.Name
	if name == "" {
		name = e.cli.Model
	}
	path, err := app.Weights(e.config()).Path(name)
	if err != nil {
		return err
	}
	return e.print(map[string]string{"name": name, "path": path}, "%s\n", path)
}
