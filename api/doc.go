// Package api is everything that speaks to the outside: the gRPC services of
// api/proto, the same as REST through a gateway, and one address that serves
// both beside the media files and the page. It knows no database and computes
// nothing: it checks requests, asks the library, and translates.
package api
