package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// AnyUpload implements [store.Store].
func (s *Store) AnyUpload(context.Context, string) (models.Upload, error) {
	return models.Upload{}, errors.ErrUnsupported
}

// DueUploads implements [store.Store].
func (s *Store) DueUploads(context.Context, time.Time, int) ([]models.Upload, error) {
	return nil, errors.ErrUnsupported
}

// ExpiredUploads implements [store.Store].
func (s *Store) ExpiredUploads(context.Context, time.Time, int) ([]models.Upload, error) {
	return nil, errors.ErrUnsupported
}

// Growing implements [store.Store].
func (s *Store) Growing(context.Context, string) (bool, error) { return false, errors.ErrUnsupported }

// DropUploads implements [store.Store].
func (s *Store) DropUploads(context.Context, time.Time) error { return errors.ErrUnsupported }

// CreateUpload implements [store.Library].
func (l *library) CreateUpload(context.Context, models.Upload, int64) error {
	return errors.ErrUnsupported
}

// Upload implements [store.Library].
func (l *library) Upload(context.Context, string) (models.Upload, error) {
	return models.Upload{}, errors.ErrUnsupported
}

// Uploads implements [store.Library].
func (l *library) Uploads(context.Context, store.UploadQuery) (store.UploadPage, error) {
	return store.UploadPage{}, errors.ErrUnsupported
}

// TakeUpload implements [store.Library].
func (l *library) TakeUpload(context.Context, string) (models.Upload, error) {
	return models.Upload{}, errors.ErrUnsupported
}

// SaveUpload implements [store.Library].
func (l *library) SaveUpload(context.Context, models.Upload) error { return errors.ErrUnsupported }

// Usage implements [store.Library].
func (l *library) Usage(context.Context) (int64, error) { return 0, errors.ErrUnsupported }
