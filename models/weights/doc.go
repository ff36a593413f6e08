// Package weights finds model files: it knows which there are, downloads them,
// and lets nobody use a file whose checksum is wrong. It loads none of them.
package weights
