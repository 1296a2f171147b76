package storagedriver

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Code names a kind of error, here and on the wire. It is an error itself, so that
//
//	errors.Is(err, storagedriver.PathNotFound)
//
// asks for a kind. NotADirectory and IsADirectory are also PathNotFound.
type Code string

func (c Code) Error() string { return string(c) }

// The codes. Internal stands for every failure without one of its own, such as a bug.
const (
	Internal             Code = "Internal"
	PathNotFound         Code = "PathNotFound"
	NotADirectory        Code = "NotADirectory"
	IsADirectory         Code = "IsADirectory"
	InvalidPath          Code = "InvalidPath"
	InvalidOffset        Code = "InvalidOffset"
	UnsupportedMethod    Code = "UnsupportedMethod"
	InvalidStorageDriver Code = "InvalidStorageDriver"
	InvalidParameters    Code = "InvalidParameters"
	NoSpace              Code = "NoSpace"
	PermissionDenied     Code = "PermissionDenied"
	Throttled            Code = "Throttled"
	ChecksumMismatch     Code = "ChecksumMismatch"
	ContentChanged       Code = "ContentChanged"
	IncompatibleVersion  Code = "IncompatibleVersion"
	DriverCrashed        Code = "DriverCrashed"
	DriverTimeout        Code = "DriverTimeout"
	OutcomeUnknown       Code = "OutcomeUnknown"
	PartialFailure       Code = "PartialFailure"
	Cancelled            Code = "Cancelled"
	TooManyChannels      Code = "TooManyChannels"
	ProtocolError        Code = "ProtocolError"
)

// Error is an error of the contract. What a driver returns as one reaches the host's caller with
// the same code, fields and message; any other error arrives as Internal with its text.
//
// Callers act on Code and on the fields; Message is for people.
type Error struct {
	Code      Code
	Message   string
	Driver    string // the driver's name, filled in by whoever knows it
	Temporary bool   // the same call may succeed when it is repeated
	Stored    *int64 // after a failed write the size now, nil if that is not known

	Fields
	cause error
}

// Fields are what errors tell besides; which of them an error has depends on its code.
type Fields struct {
	Path          string
	Offset        int64
	Method        string
	Name          string
	Parameter     string
	Reason        string
	HostVersion   string
	DriverVersion string
	ExitStatus    *int64
	Signal        *int64
	Stderr        string
	Seconds       float64
	Failed        []Failure
	Limit         int64
	Detail        string
}

// Failure is one of those that a PartialFailure is made of.
type Failure struct {
	Path string
	Code Code
}

func (e *Error) Error() string {
	if e.Driver == "" {
		return e.Message
	}
	return fmt.Sprintf("%s (driver %s)", e.Message, e.Driver)
}

// Is tells whether the error is of the kind that target is, if target is a Code.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	if !ok {
		return false
	}
	return e.Code == code ||
		code == PathNotFound && (e.Code == NotADirectory || e.Code == IsADirectory)
}

// Unwrap returns what the error was made of, nil if that is not known.
func (e *Error) Unwrap() error { return e.cause }

// Because adds a reason to the message, and the error that it came from.
func (e *Error) Because(reason string, cause error) *Error {
	e.Message += ": " + reason
	e.cause = cause
	return e
}

var openings = map[Code]string{
	PathNotFound:     "Path not found",
	NotADirectory:    "Not a directory",
	IsADirectory:     "Is a directory",
	InvalidPath:      "Invalid path",
	NoSpace:          "No space left",
	PermissionDenied: "Permission denied",
	Throttled:        "Throttled",
	ChecksumMismatch: "Checksum mismatch",
	ContentChanged:   "Content changed",
}

// PathError returns an error of one of the codes whose only field is a path.
func PathError(code Code, path string) *Error {
	return &Error{
		Code:      code,
		Message:   openings[code] + ": " + shown(path),
		Temporary: code == Throttled,
		Fields:    Fields{Path: path},
	}
}

// OffsetError returns the InvalidOffset of a write beyond the size.
func OffsetError(path string, offset int64) *Error {
	return &Error{
		Code:    InvalidOffset,
		Message: fmt.Sprintf("Invalid offset: %d for path: %s", offset, shown(path)),
		Fields:  Fields{Path: path, Offset: offset},
	}
}

// UnsupportedError returns the UnsupportedMethod of what a driver does not do.
func UnsupportedError(method string) *Error {
	return &Error{
		Code:    UnsupportedMethod,
		Message: "Unsupported method: " + shown(method),
		Fields:  Fields{Method: method},
	}
}

// ParameterError returns the InvalidParameters of a parameter of the driver, or an option of a call.
func ParameterError(parameter, reason string) *Error {
	return &Error{
		Code:    InvalidParameters,
		Message: fmt.Sprintf("Invalid parameter '%s': %s", parameter, reason),
		Fields:  Fields{Parameter: parameter, Reason: reason},
	}
}

// UnknownOutcome returns the OutcomeUnknown of a change that may have happened, or may not last.
func UnknownOutcome(method, path string) *Error {
	return &Error{
		Code:    OutcomeUnknown,
		Message: fmt.Sprintf("Outcome unknown: %s of %s", method, shown(path)),
		Fields:  Fields{Method: method, Path: path},
	}
}

// PartialError returns the PartialFailure of a batch.
func PartialError(failed []Failure) *Error {
	var parts []string
	for _, failure := range failed[:min(3, len(failed))] {
		parts = append(parts, fmt.Sprintf("%s (%s)", shown(failure.Path), failure.Code))
	}
	message := "Failed in part: " + strings.Join(parts, ", ")
	if more := len(failed) - len(parts); more > 0 {
		message += fmt.Sprintf(" and %d more", more)
	}
	return &Error{Code: PartialFailure, Message: message, Fields: Fields{Failed: failed}}
}

func cancelledError() *Error {
	return &Error{Code: Cancelled, Message: "Cancelled"}
}

func internalError(err error) *Error {
	return &Error{Code: Internal, Message: fmt.Sprintf("%T: %v", err, err), cause: err}
}

// asError returns what an error is called on the wire: nobody but a *Error has a code.
func asError(err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		copied := *known
		return &copied
	}
	if errors.Is(err, context.Canceled) {
		return cancelledError()
	}
	return internalError(err)
}

// Nobody wants a megabyte of path in a log line; the field keeps all of it.
const shownBytes = 300

func shown(text string) string {
	if len(text) <= shownBytes {
		return text
	}
	return strings.ToValidUTF8(text[:shownBytes], "") + "..."
}
