package engine

import (
	"encoding/json"

	"github.com/cuepoint/cuepoint/models"
)

// Version is the protocol's version. An engine that says another is refused.
const Version = 1

// maxLine bounds one message: an hour of words fits many times over.
const maxLine = 64 << 20

type hello struct {
	Protocol int    `json:"protocol"`
	Engine   string `json:"engine"`
	Version  string `json:"version"`
}

type request struct {
	ID     int64           `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params,omitempty"`
}

type message struct {
	Hello    *hello          `json:"hello,omitempty"`
	ID       int64           `json:"id,omitempty"`
	Progress *float64        `json:"progress,omitempty"`
	Event    json.RawMessage `json:"event,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
	Error    *wireError      `json:"error,omitempty"`
}

type wireError struct {
	Code    models.Code `json:"code"`
	Message string      `json:"message"`
	Cause   string      `json:"cause,omitempty"`
}
