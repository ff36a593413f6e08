package app

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// TLS returns the encryption of a server with a certificate and its key, of PEM
// files. They are read again when the certificate's file has changed, so that
// one that is renewed needs no restart. INVALID_ARGUMENT.
func TLS(certFile, keyFile string) (*tls.Config, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile}
	if _, err := c.get(nil); err != nil {
		return nil, models.Errorf(models.CodeInvalidArgument,
			"%s and %s are no certificate and its key in PEM; give others with --tls-cert and --tls-key", certFile, keyFile).Because(err)
	}
	return &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12}, nil
}

// certificate is one that is in files.
type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	changed time.Time // of the file that was read last
	loaded  *tls.Certificate
}

// get returns the certificate. While the files are not good, as in the middle of
// a renewal, it is the one before.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.certFile)
	if err == nil && c.loaded != nil && info.ModTime().Equal(c.changed) {
		return c.loaded, nil
	}
	if err == nil {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.certFile, c.keyFile); err == nil {
			c.loaded, c.changed = &pair, info.ModTime()
		}
	}
	if c.loaded != nil {
		return c.loaded, nil
	}
	return nil, err
}
