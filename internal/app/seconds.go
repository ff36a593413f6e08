package app

import (
	"strconv"
	"time"
)

// Seconds is a duration that JSON shows as a number of seconds, to the
// microsecond.
type Seconds time.Duration

// MarshalJSON implements [encoding/json.Marshaler].
func (s Seconds) MarshalJSON() ([]byte, error) {
	rounded := time.Duration(s).Round(time.Microsecond)
	return strconv.AppendFloat(nil, rounded.Seconds(), 'f', -1, 64), nil
}
