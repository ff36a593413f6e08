// Package cuepointv1 is Cuepoint's API as Go code: messages, gRPC clients and
// servers, and the REST gateway, generated from api/proto. Nothing in it is
// written by hand but this comment.
package cuepointv1
