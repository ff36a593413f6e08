package main

import (
	"strconv"
	"time"
)

// seconds is a duration that JSON shows as a number of seconds, to the
// microsecond.
type seconds time.Duration

// MarshalJSON implements [encoding/json.Marshaler].
func (s seconds) MarshalJSON() ([]byte, error) {
	rounded := time.Duration(s).Round(time.Microsecond)
	return strconv.AppendFloat(nil, rounded.Seconds(), 'f', -1, 64), nil
}
