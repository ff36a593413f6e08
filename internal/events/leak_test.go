package events

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testenv.WithPostgres(m)) }
