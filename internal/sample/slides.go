package sample

import (
	"fmt"
	"strings"
)

// The picture's size, and its frames per second.
const (
	width, height = 1280, 720
	frameRate     = 25
)

// fonts are the paths of DejaVu Sans, whose symbols the pictures are made of.
type fonts struct{ regular, bold string }

// slide is a chain of FFmpeg filters that makes a picture without end.
type slide []string

// background is a gradient that turns slowly, so that no two frames are equal.
// It is drawn small, which takes a fraction of the time and looks the same.
func background(from, to string) slide {
	const w, h = width / 4, height / 4
	return slide{
		filter("gradients", "size", fmt.Sprintf("%dx%d", w, h), "rate", fmt.Sprint(frameRate),
			"seed", "1", "speed", "0.004", "nb_colors", "2", "c0", from, "c1", to,
			"x0", "0", "y0", "0", "x1", fmt.Sprint(w), "y1", fmt.Sprint(h)),
		"format=yuv420p", fmt.Sprintf("scale=%d:%d", width, height),
	}
}

func (s slide) text(font, text string, size int, color, x, y string) slide {
	return append(s, filter("drawtext", "fontfile", font, "expansion", "none", "text", text,
		"fontsize", fmt.Sprint(size), "fontcolor", color, "x", x, "y", y))
}

func (s slide) box(place string) slide {
	return append(s, "drawbox="+place+":fill")
}

// titleSlide is dark, with the topic's name.
func (t topic) titleSlide(f fonts, number, of int) slide {
	s := background(t.look.dark, t.look.deep)
	s = s.box("120:250:14:220:" + t.look.accent)
	s = s.text(f.regular, fmt.Sprintf("%d of %d", number, of), 34, t.look.accent, "170", "196")
	s = s.text(f.bold, t.title, 124, "white", "166", "262")
	s = s.text(f.regular, t.subtitle, 48, "white@0.85", "172", "414")
	// A light that wanders along the foot of the slide.
	return s.text(f.regular, "●", 22, t.look.accent, "170+70*t", "600")
}

// pictureSlide is the topic as a moving picture.
func (t topic) pictureSlide(f fonts) slide {
	s := background(t.look.deep, t.look.dark)
	for _, g := range t.look.picture(t.look) {
		if g.behind != "" {
			s = s.box(g.behind)
		}
		if g.text != "" {
			s = s.text(f.regular, g.text, g.size, g.color, g.x, g.y)
		}
	}
	return s
}

// figureSlide is pale, with a number.
func (t topic) figureSlide(f fonts) slide {
	s := background(t.look.pale, "white")
	s = s.box("0:0:1280:26:" + t.look.accent)
	s = s.text(f.bold, t.figure, 150, t.look.deep, "w/2-tw/2", "230")
	s = s.text(f.regular, t.caption, 46, t.look.dark, "w/2-tw/2", "440")
	return s.text(f.regular, "●", 22, t.look.accent, "w/2-11+220*sin(t)", "560")
}

// filter writes a filter with its options, escaped for a filter graph: once for
// the options, once for the graph (FFmpeg's manual, "Notes on filtergraph
// escaping").
func filter(name string, options ...string) string {
	var pairs []string
	for i := 0; i < len(options); i += 2 {
		value := inOption.Replace(options[i+1])
		pairs = append(pairs, options[i]+"="+inGraph.Replace(value))
	}
	return name + "=" + strings.Join(pairs, ":")
}

var (
	inOption = strings.NewReplacer(`\`, `\\`, `'`, `\'`, `:`, `\:`)
	inGraph  = strings.NewReplacer(`\`, `\\`, `'`, `\'`, `[`, `\[`, `]`, `\]`, `,`, `\,`, `;`, `\;`)
)
