package obs_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/cuepoint/cuepoint/internal/obs"
	"github.com/cuepoint/cuepoint/models"
)

func Example() {
	metrics := obs.New("1.2.3", "probe", "package")
	metrics.StageStarted("probe")
	metrics.StageEnded("probe", obs.Done, 40*time.Millisecond)

	health := new(obs.Health)
	health.Add("database", func(context.Context) error {
		return models.Errorf(models.CodeDatabaseUnavailable, "the database does not answer; see whether it runs")
	})

	w := httptest.NewRecorder()
	obs.Handler(metrics, health).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	fmt.Println(w.Code)
	fmt.Println(w.Body)
	// Output:
	// 503
	// {
	//   "ready": false,
	//   "checks": {
	//     "database": {
	//       "ok": false,
	//       "code": "DATABASE_UNAVAILABLE",
	//       "message": "the database does not answer; see whether it runs"
	//     }
	//   }
	// }
}
