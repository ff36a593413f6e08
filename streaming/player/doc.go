// Package player is the page people watch, read and search their videos on:
// the web app below src, built by Vite into dist and embedded, and the handler
// that serves it; beside it the page that shows the API, which is Swagger UI.
//
// It holds no data. The page speaks to the REST API, plays from /play/ and sends
// files to /uploads, all of which are served elsewhere.
package player
