package sample

// topic is one part of the show: a title slide while the first sentence is
// spoken, a moving picture during the middle ones, a figure during the last.
type topic struct {
	word      string // that the topic is about
	title     string
	subtitle  string
	figure    string
	caption   string // of the figure
	voice     string // of FFmpeg's flite filter
	look      look
	sentences []string
}

// look is a topic's colours.
type look struct {
	dark, deep string // background of the title and the picture
	accent     string
	pale       string // background of the figure
	picture    func(look) []glyph
}

// script is what the show says. Its figures are true.
func script() []topic {
	return []topic{
		{
			word: "volcano", title: "Volcanoes", subtitle: "Fire from below",
			figure: "1,200 °C", caption: "the heat of fresh lava", voice: "rms",
			look: look{"0x2b0f0e", "0x6b1d12", "0xff6a2b", "0xfff1e8", volcano},
			sentences: []string{
				"A volcano begins with molten rock, deep below the ground.",
				"Gas drives the magma upwards until the crust cracks.",
				"Then lava and ash pour out of the volcano.",
				"Some volcanoes have built whole islands of lava.",
			},
		},
		{
			word: "bee", title: "Bees", subtitle: "Ten thousand sisters",
			figure: "2 million", caption: "flowers visited for one jar of honey", voice: "slt",
			look: look{"0x2a2005", "0x8a5f00", "0xffc22e", "0xfff8e1", bees},
			sentences: []string{
				"Bees visit hundreds of flowers in a single morning.",
				"They carry nectar and pollen back to the hive.",
				"There, a bee dances to tell the hive where flowers are.",
				"By winter the bees have filled the comb with honey.",
			},
		},
		{
			word: "bridge", title: "Bridges", subtitle: "Over the gap",
			figure: "1,991 m", caption: "between the towers of the Akashi bridge", voice: "rms",
			look: look{"0x0d1b2e", "0x2d4f7c", "0x7fb2ff", "0xeaf2ff", bridges},
			sentences: []string{
				"A bridge has to carry its own weight across a gap.",
				"An arch bridge pushes the weight into the river banks.",
				"A suspension bridge hangs its deck from steel cables.",
				"Engineers test the steel of each bridge against wind.",
			},
		},
		{
			word: "sourdough", title: "Sourdough", subtitle: "Flour, water, salt and time",
			figure: "12 hours", caption: "of rest before the oven", voice: "slt",
			look: look{"0x2c1c10", "0x7a4a22", "0xf0b873", "0xfbf1e4", sourdough},
			sentences: []string{
				"Sourdough bread needs only flour, water and salt.",
				"Wild yeast in the sourdough starter makes the bread rise.",
				"The baker folds the dough and lets it rest overnight.",
				"A hot oven gives sourdough its dark crust.",
			},
		},
		{
			word: "comet", title: "Comets", subtitle: "Visitors from the cold",
			figure: "76 years", caption: "from one visit of Halley to the next", voice: "rms",
			look: look{"0x0a0b1e", "0x2a1f5c", "0xb9a7ff", "0xf0edff", comets},
			sentences: []string{
				"A comet is a lump of ice and dust from far beyond the planets.",
				"Close to the sun, its ice turns into glowing vapour.",
				"The dust streams away as the tail of the comet.",
				"Some comets return only once in a thousand years.",
			},
		},
		{
			word: "tide", title: "Tides", subtitle: "The pull of the moon",
			figure: "16 metres", caption: "between low and high tide in the Bay of Fundy", voice: "slt",
			look: look{"0x04222b", "0x0b5a66", "0x5fe0d0", "0xe6fbf8", tides},
			sentences: []string{
				"The tide comes in and goes out twice a day.",
				"The moon pulls on the ocean, and the water rises.",
				"At full moon the spring tides climb high up the beach.",
				"Sailors look up the tide before they leave the harbour.",
			},
		},
	}
}
