package sample

import "fmt"

// glyph is a character of the font that moves. Places are FFmpeg expressions of
// t, in seconds since the shot began, for its top left corner.
type glyph struct {
	text  string
	size  int
	color string
	x, y  string
	// behind is a box drawn before the glyph, as x:y:w:h:color; most have none.
	behind string
}

func volcano(l look) []glyph {
	g := []glyph{
		{text: "●", size: 620, color: l.accent + "@0.12", x: "w/2-tw/2", y: "190-th/2+8*sin(t*3)"},
		{text: "●", size: 380, color: l.accent + "@0.2", x: "w/2-tw/2", y: "190-th/2+6*sin(t*4)"},
		{text: "▲", size: 1100, color: "0x4d2a24", x: "w/2-tw/2", y: "190"},
		{text: "▲", size: 210, color: l.accent, x: "w/2-tw/2", y: "190"},
	}
	for i := range 16 {
		spread := 40 + 23*(i*7%16)
		g = append(g, glyph{
			text: "●", size: 14 + i*5%22, color: l.accent,
			x: fmt.Sprintf("640+%d*sin(%d+t/2)-10", spread, i*4),
			y: fmt.Sprintf("300-mod(t*%d+%d,380)", 60+i*9, i*53),
		})
	}
	return g
}

func bees(l look) []glyph {
	var g []glyph
	for row := range 3 {
		for column := range 7 {
			g = append(g, glyph{
				text: "⬢", size: 250, color: []string{"0xb87a00", "0xd29110", "0xa86c00"}[(row*2+column)%3],
				x: fmt.Sprint(-110 + column*205 + row%2*102), y: fmt.Sprint(-20 + row*235),
			})
		}
	}
	for i, color := range []string{"0x1d1500", "0x1d1500", "0x1d1500"} {
		x := fmt.Sprintf("600+%d*sin(t*0.9+%d)", 420-60*i, i*2)
		y := fmt.Sprintf("330+%d*sin(t*1.4+%d)", 230-40*i, i)
		g = append(g,
			glyph{text: "●", size: 84, color: color, x: x, y: y},
			glyph{text: "▮", size: 44, color: l.accent, x: x + "+20", y: y + "+20"},
			glyph{text: "◖", size: 50, color: "white@0.8", x: x + "+14", y: y + "-18"})
	}
	return g
}

func bridges(l look) []glyph {
	g := []glyph{
		{behind: "0:470:1280:16:0x0a1424"},
		{behind: "300:170:26:390:0x0a1424"},
		{behind: "954:170:26:390:0x0a1424"},
	}
	// The cable between the towers and to the banks, one hanger at a time.
	for i := range 33 {
		x := 10 + i*39
		far := float64((x-640)*(x-640)) / (327 * 327)
		if x < 313 || x > 967 {
			far = 1 - float64(min(abs(x-313), abs(x-967)))/330
		}
		top := 450 - int(270*far)
		g = append(g, glyph{behind: fmt.Sprintf("%d:%d:3:%d:%s", x, top, 470-top, "0x9cc3ff@0.7")})
	}
	for i := range 5 {
		g = append(g, glyph{
			text: "■", size: 40, color: []string{l.accent, "0xffd27f"}[i%2],
			x: fmt.Sprintf("mod(t*%d+%d,1400)-60", 90, i*290), y: "436",
		})
	}
	return append(g, water("0x5f8fd0", 560)...)
}

func sourdough(l look) []glyph {
	g := []glyph{{text: "●", size: 760, color: "0xd9954e", x: "w/2-tw/2", y: "h-tw/2-90-12*t"}}
	for i := range 4 {
		g = append(g, glyph{
			text: "≀", size: 120, color: "white@0.5",
			x: fmt.Sprintf("%d+8*sin(t*2+%d)", 430+i*110, i), y: fmt.Sprintf("150-mod(t*30+%d,90)", i*40),
		})
	}
	for i := range 3 {
		g = append(g, glyph{
			text: "╱", size: 150, color: "0xfbe3c0",
			x: fmt.Sprint(470 + i*110), y: fmt.Sprintf("%d-12*t", 380-i%2*26),
		})
	}
	return append(g, glyph{behind: "0:590:1280:130:" + l.dark})
}

func comets(l look) []glyph {
	var g []glyph
	for i := range 24 {
		g = append(g, glyph{
			text: "✦", size: 12 + i*7%20, color: "white@0." + fmt.Sprint(4+i%6),
			x: fmt.Sprintf("mod(%d-t*%d+1280,1280)", i*i*97%1280, 4+i%5), y: fmt.Sprint(i * 211 % 620),
		})
	}
	for i := range 28 {
		g = append(g, glyph{
			text: "●", size: 96 - 3*i, color: fmt.Sprintf("%s@%.2f", l.accent, 0.5-float64(i)/60),
			x: fmt.Sprintf("%d+70*t", 520-i*17), y: fmt.Sprintf("%d+28*t", 330-i*8),
		})
	}
	return append(g, glyph{text: "●", size: 70, color: "white", x: "533+70*t", y: "343+28*t"})
}

func tides(l look) []glyph {
	g := []glyph{{text: "☾", size: 240, color: "0xfff6d8", x: "900-12*t", y: "60"}}
	return append(g, water(l.accent, 420)...)
}

// water is rows of waves that rise and fall and drift apart.
func water(color string, top int) []glyph {
	var g []glyph
	for row := range 6 {
		g = append(g, glyph{
			text: "≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈", size: 150, color: fmt.Sprintf("%s@%.2f", color, 0.25+float64(row)*0.12),
			x: fmt.Sprintf("-160+%d*sin(t*0.8+%d)", 60+10*row, row),
			y: fmt.Sprintf("%d-18*sin(t*0.7)", top+row*52),
		})
	}
	return g
}

func abs(x int) int { return max(x, -x) }
