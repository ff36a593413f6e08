package hotfolder

import "github.com/cuepoint/cuepoint/models"

// ParseSidecar is what a sidecar says of a video.
func ParseSidecar(content []byte) (models.UploadVideo, error) {
	s, err := parseSidecar(content)
	return s.UploadVideo, err
}
