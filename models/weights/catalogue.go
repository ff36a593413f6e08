package weights

import "github.com/cuepoint/cuepoint/models"

// DefaultSpeech and VAD are the models used unless told otherwise.
const (
	DefaultSpeech = "base-q5_1"
	VAD           = "silero-v6.2.0"
)

// Kind tells what a model is for.
type Kind string

// The kinds of model.
const (
	Speech Kind = "speech" // Whisper
	Voice  Kind = "voice"  // voice activity detection
)

// Model is a model file that there is, with what must be true of it.
type Model struct {
	Name   string `json:"name"`
	Kind   Kind   `json:"kind"`
	File   string `json:"file,omitempty"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // lower-case hex
	source string // path of the file at its host
}

// Where the files lie: repositories at Hugging Face. The checksums hold
// whatever the host does.
const (
	host       = "https://huggingface.co"
	whisperDir = "/ggerganov/whisper.cpp/resolve/5359861c739e955e79d9a303bcbc70fb988958b1/"
	vadDir     = "/ggml-org/whisper-vad/resolve/main/"
)

// Catalogue lists the models by size within their kind. Whisper's come
// multilingual and, with ".en" in the name, for English alone; "q5_1" and the
// like are quantised: a third of the size and memory at nearly the same error.
func Catalogue() []Model {
	speech := func(name string, bytes int64, sum string) Model {
		file := "ggml-" + name + ".bin"
		return Model{Name: name, Kind: Speech, File: file, Bytes: bytes, SHA256: sum, source: whisperDir + file}
	}
	return []Model{
		speech("tiny-q5_1", 32152673, "818710568da3ca15689e31a743197b520007872ff9576237bda97bd1b469c3d7"),
		speech("tiny.en-q5_1", 32166155, "c77c5766f1cef09b6b7d47f21b546cbddd4157886b3b5d6d4f709e91e66c7c2b"),
		speech("base-q5_1", 59707625, "422f1ae452ade6f30a004d7e5c6a43195e4433bc370bf23fac9cc591f01a8898"),
		speech("base.en-q5_1", 59721011, "4baf70dd0d7c4247ba2b81fafd9c01005ac77c2f9ef064e00dcf195d0e2fdd2f"),
		speech("tiny", 77691713, "be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21"),
		speech("tiny.en", 77704715, "921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f"),
		speech("base", 147951465, "60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe"),
		speech("base.en", 147964211, "a03779c86df3323075f5e796cb2ce5029f00ec8869eee3fdfb897afe36c6d002"),
		speech("small-q5_1", 190085487, "ae85e4a935d7a567bd102fe55afc16bb595bdb618e11b2fc7591bc08120411bb"),
		speech("small.en-q5_1", 190098681, "bfdff4894dcb76bbf647d56263ea2a96645423f1669176f4844a1bf8e478ad30"),
		speech("small", 487601967, "1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b"),
		speech("small.en", 487614201, "c6138d6d58ecc8322097e0f987c32f1be8bb0a18532a3f88f734d1bbf9c41e5d"),
		speech("medium-q5_0", 539212467, "19fea4b380c3a618ec4723c3eef2eb785ffba0d0538cf43f8f235e7b3b34220f"),
		speech("large-v3-turbo-q5_0", 574041195, "394221709cd5ad1f40c46e6031ca61bce88931e6e088c188294c6d5a55ffa7e2"),
		speech("large-v3-turbo-q8_0", 874188075, "317eb69c11673c9de1e1f0d459b253999804ec71ac4c23c17ecf5fbe24e259a1"),
		speech("medium", 1533763059, "6c14d5adee5f86394037b4e4e8b59f1673b6cee10e3cf0b11bbdbee79c156208"),
		speech("large-v3-turbo", 1624555275, "1fc70f774d38eb169993ac391eea357ef47c88757ef72ee5943879b7e8e2bc69"),
		speech("large-v3", 3095033483, "64d182b440b98d5203c4f9bd541544d84c605196c4f7b845dfa11fb23594d1e2"),
		{
			Name: VAD, Kind: Voice, File: "ggml-silero-v6.2.0.bin", Bytes: 885098,
			SHA256: "2aa269b785eeb53a82983a20501ddf7c1d9c48e33ab63a41391ac6c9f7fb6987",
			source: vadDir + "ggml-silero-v6.2.0.bin",
		},
	}
}

// find returns the model of a name. INVALID_ARGUMENT where there is none.
func find(catalogue []Model, name string) (Model, error) {
	for _, m := range catalogue {
		if m.Name == name {
			return m, nil
		}
	}
	return Model{}, models.Errorf(models.CodeInvalidArgument,
		"there is no model %q; `cuepoint models list` shows those there are, and a path to a .bin file works too", name)
}
