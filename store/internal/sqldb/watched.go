package sqldb

import "github.com/cuepoint/cuepoint/models"

// SeenTo is the CONFLICT of a watched file.
func SeenTo(name string) error {
	return models.Errorf(models.CodeConflict, "somebody else has seen to the file %.200q meanwhile", name)
}
