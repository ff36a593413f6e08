package models

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// Code names what went wrong, from a closed list that clients may switch on.
type Code string

// The codes a stage, an import or a request can fail with.
const (
	// About the input.
	CodeEmptyFile           Code = "EMPTY_FILE"            // zero bytes
	CodeNoMedia             Code = "NO_MEDIA"              // an accepted container without playable picture or sound
	CodeContainerNotAllowed Code = "CONTAINER_NOT_ALLOWED" // not one of the accepted containers
	CodeCodecUnsupported    Code = "CODEC_UNSUPPORTED"     // no decoder for any of its streams
	CodeEncryptedMedia      Code = "ENCRYPTED_MEDIA"       // encrypted, and no key
	CodeTruncatedMedia      Code = "TRUNCATED_MEDIA"       // ends before its header says
	CodeDurationExceeded    Code = "DURATION_EXCEEDED"
	CodeDimensionsExceeded  Code = "DIMENSIONS_EXCEEDED"
	CodeTooManyStreams      Code = "TOO_MANY_STREAMS"
	CodeSourceTooLarge      Code = "SOURCE_TOO_LARGE"
	CodeSourceBlocked       Code = "SOURCE_BLOCKED"
	CodeSourceUnavailable   Code = "SOURCE_UNAVAILABLE" // missing, or cannot be read
	CodeChecksumMismatch    Code = "CHECKSUM_MISMATCH"
	CodeCaptionsInvalid     Code = "CAPTIONS_INVALID" // a caption file that cannot be read as one
	CodePoisonInput         Code = "POISON_INPUT"     // crashed an engine twice

	// About the machine.
	CodeResourceLimit      Code = "RESOURCE_LIMIT" // a child hit its CPU, memory or output limit
	CodeStageTimeout       Code = "STAGE_TIMEOUT"  // no end, or no progress, in time
	CodeStorageFull        Code = "STORAGE_FULL"
	CodeStorageUnavailable Code = "STORAGE_UNAVAILABLE" // the store of files cannot be reached, or refuses us; later it may not
	CodeModelMissing       Code = "MODEL_MISSING"
	CodeModelCorrupt       Code = "MODEL_CORRUPT"
	CodeEngineMissing      Code = "ENGINE_MISSING" // FFmpeg or an engine executable is not installed
	CodeEngineCrashed      Code = "ENGINE_CRASHED"
	CodeWorkerLost         Code = "WORKER_LOST"  // the process that ran a stage went away
	CodeDataInUse          Code = "DATA_IN_USE"  // another process holds the data directory
	CodeDataCorrupt        Code = "DATA_CORRUPT" // the library's own database cannot be read
	// CodeDatabaseUnavailable: the database server is down, or the way to it is.
	CodeDatabaseUnavailable Code = "DATABASE_UNAVAILABLE"
	// CodeSignInUnavailable: the provider that knows who people are does not answer.
	CodeSignInUnavailable Code = "SIGN_IN_UNAVAILABLE"

	// CodeServerUnavailable: the Cuepoint that was asked for something cannot be
	// reached. Who calls one finds that out; none answers with it.
	CodeServerUnavailable Code = "SERVER_UNAVAILABLE"

	// About the request.
	CodeInvalidArgument  Code = "INVALID_ARGUMENT"
	CodeNotFound         Code = "NOT_FOUND"
	CodeAlreadyExists    Code = "ALREADY_EXISTS"
	CodeConflict         Code = "CONFLICT" // somebody else has changed it since it was read
	CodeQuotaExceeded    Code = "QUOTA_EXCEEDED"
	CodeRateLimited      Code = "RATE_LIMITED"    // asked too often; later it may be answered
	CodeUnauthenticated  Code = "UNAUTHENTICATED" // nobody knows who asks
	CodeRequestTooLarge  Code = "REQUEST_TOO_LARGE"
	CodeUnimplemented    Code = "UNIMPLEMENTED"     // there is no such method
	CodeHostNotAllowed   Code = "HOST_NOT_ALLOWED"  // asked for by a name that is not the server's
	CodePermissionDenied Code = "PERMISSION_DENIED" // not for who asks
	CodeCanceled         Code = "CANCELED"
	CodeNotRunning       Code = "NOT_RUNNING"    // there is nothing under way that could be canceled
	CodeNotRevertible    Code = "NOT_REVERTIBLE" // an edit that something stands on, or that is reverted
	CodeCursorExpired    Code = "CURSOR_EXPIRED" // events after a cursor may be kept no longer
	CodeShuttingDown     Code = "SHUTTING_DOWN"  // the server ends; another, or the same in a while, may answer

	// About a stage.
	CodeNotApplicable Code = "NOT_APPLICABLE" // nothing in this video for it to work on

	CodeInternal Code = "INTERNAL"
)

// Error carries two texts: Message is for people outside and says what to do;
// Err is the cause, for the log. Only Code and Message ever leave the system.
type Error struct {
	Code    Code
	Message string
	Err     error
}

// Errorf returns an Error whose message is built like [fmt.Sprintf].
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Because returns a copy of e with its cause set.
func (e *Error) Because(err error) *Error {
	return &Error{Code: e.Code, Message: e.Message, Err: err}
}

func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Message
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// AsError finds the Error in err's chain. A context's end becomes CANCELED or
// STAGE_TIMEOUT, a full disk STORAGE_FULL; anything else is INTERNAL with err as
// its cause, so that no cause is shown to people by accident. AsError(nil) is nil.
func AsError(err error) *Error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.Canceled):
		return Errorf(CodeCanceled, "canceled").Because(err)
	case errors.Is(err, context.DeadlineExceeded):
		return Errorf(CodeStageTimeout, "not finished in time").Because(err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return StorageFull(err)
	}
	return Errorf(CodeInternal, "internal error").Because(err)
}

// StorageFull is the STORAGE_FULL of an error that says so in other words than
// ENOSPC and EDQUOT, which [AsError] knows.
func StorageFull(err error) *Error {
	return Errorf(CodeStorageFull, "the disk is full; free some space and run again").Because(err)
}

// ErrorCode is the code of err as [AsError] sees it, and "" for nil.
func ErrorCode(err error) Code {
	if e := AsError(err); e != nil {
		return e.Code
	}
	return ""
}
