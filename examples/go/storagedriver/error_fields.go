package storagedriver

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"storagedriver.example/go/internal/wire"
)

// fieldsOf are the fields of each code by their names on the wire.
var fieldsOf = map[Code][]string{
	PathNotFound:         {"path"},
	NotADirectory:        {"path"},
	IsADirectory:         {"path"},
	InvalidPath:          {"path"},
	NoSpace:              {"path"},
	PermissionDenied:     {"path"},
	Throttled:            {"path"},
	ChecksumMismatch:     {"path"},
	ContentChanged:       {"path"},
	InvalidOffset:        {"path", "offset"},
	UnsupportedMethod:    {"method"},
	InvalidStorageDriver: {"name"},
	InvalidParameters:    {"name", "parameter", "reason"},
	IncompatibleVersion:  {"host_version", "driver_version"},
	DriverCrashed:        {"exit_status", "signal", "stderr"},
	DriverTimeout:        {"seconds", "method"},
	OutcomeUnknown:       {"method", "path"},
	PartialFailure:       {"failed"},
	Cancelled:            {},
	TooManyChannels:      {"limit"},
	ProtocolError:        {"detail"},
}

// place returns where the field of a name on the wire is kept.
func (f *Fields) place(name string) any {
	switch name {
	case "path":
		return &f.Path
	case "offset":
		return &f.Offset
	case "method":
		return &f.Method
	case "name":
		return &f.Name
	case "parameter":
		return &f.Parameter
	case "reason":
		return &f.Reason
	case "host_version":
		return &f.HostVersion
	case "driver_version":
		return &f.DriverVersion
	case "exit_status":
		return &f.ExitStatus
	case "signal":
		return &f.Signal
	case "stderr":
		return &f.Stderr
	case "seconds":
		return &f.Seconds
	case "failed":
		return &f.Failed
	case "limit":
		return &f.Limit
	default:
		return &f.Detail
	}
}

// errorToWire returns the error as the map that a RESPONSE carries. It fits a header whatever it
// holds: what is too long is cut, and the message says so.
func errorToWire(e *Error) map[string]any {
	names := fieldsOf[e.Code]
	fields := make(map[string]any, len(names)+1)
	var cut []string
	for _, name := range names {
		value, isCut := fieldToWire(name, e.place(name), wire.MaxErrorFieldsBytes/len(names))
		fields[name] = value
		if isCut {
			cut = append(cut, name)
		}
	}
	if e.Stored != nil {
		fields["stored"] = *e.Stored
	}
	note := ""
	if len(cut) > 0 {
		note = fmt.Sprintf(" (cut: %s)", strings.Join(cut, ", "))
	}
	message, _ := cutEnd(e.Message, wire.MaxErrorMessageBytes-len(note))
	code, _ := cutEnd(string(e.Code), wire.MaxErrorNameBytes)
	driver, _ := cutEnd(e.Driver, wire.MaxErrorNameBytes)
	return map[string]any{
		"code": code, "message": message + note, "temporary": e.Temporary, "driver": driver,
		"fields": fields,
	}
}

func fieldToWire(name string, place any, room int) (value any, isCut bool) {
	switch place := place.(type) {
	case *string:
		if name == "stderr" {
			return cutStart(*place, room) // the last lines are those that tell why
		}
		return cutEnd(*place, room)
	case *int64:
		return *place, false
	case **int64:
		if *place == nil {
			return nil, false
		}
		return **place, false
	case *float64:
		return *place, false
	case *[]Failure:
		return failedToWire(*place, room)
	}
	return nil, false
}

// pairOverhead is what msgpack adds to a pair at most: a byte for the array and five for each text.
const pairOverhead = 11

func failedToWire(failed []Failure, room int) (pairs []any, isCut bool) {
	pairs = []any{}
	for _, failure := range failed {
		path := strings.ToValidUTF8(failure.Path, "\uFFFD")
		code, _ := cutEnd(string(failure.Code), wire.MaxErrorNameBytes)
		room -= len(path) + len(code) + pairOverhead
		if room < 0 || len(pairs) == wire.MaxContainerItems {
			return pairs, true
		}
		pairs = append(pairs, []any{path, code})
	}
	return pairs, false
}

// cutEnd returns a text of at most room bytes in UTF-8, and whether the end is missing.
func cutEnd(text string, room int) (string, bool) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= room {
		return text, false
	}
	for room > 0 && !utf8.RuneStart(text[room]) {
		room--
	}
	return text[:room], true
}

func cutStart(text string, room int) (string, bool) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= room {
		return text, false
	}
	text = text[len(text)-room:]
	for text != "" && !utf8.RuneStart(text[0]) {
		text = text[1:]
	}
	return text, true
}

// DecodeError returns the error that the map of a RESPONSE means, for a library of the host's side.
// An unknown code is kept; what is missing or of a wrong type becomes a neutral value. ok is false if
// the map has no code.
func DecodeError(given map[string]any) (_ *Error, ok bool) {
	code, ok := given["code"].(string)
	if !ok {
		return nil, false
	}
	e := &Error{Code: Code(code)}
	e.Driver, _ = given["driver"].(string)
	e.Temporary = given["temporary"] == true
	fields, _ := given["fields"].(map[string]any)
	for _, name := range fieldsOf[e.Code] {
		fieldFromWire(fields[name], e.place(name))
	}
	if stored, ok := wire.Integer(fields["stored"]); ok && stored >= 0 {
		e.Stored = &stored
	}
	if e.Message, ok = given["message"].(string); !ok {
		e.Message = fmt.Sprintf("%s %s%s", e.Code, e.Path, e.Method)
	}
	return e, true
}

func fieldFromWire(value any, place any) {
	switch place := place.(type) {
	case *string:
		*place, _ = value.(string)
	case *int64:
		*place, _ = wire.Integer(value)
	case **int64:
		if number, ok := wire.Integer(value); ok {
			*place = &number
		}
	case *float64:
		if whole, ok := value.(int64); ok {
			*place = float64(whole)
		} else if number, ok := value.(float64); ok && !math.IsNaN(number) {
			*place = number
		}
	case *[]Failure:
		*place = failedFromWire(value)
	}
}

func failedFromWire(value any) []Failure {
	items, _ := value.([]any)
	failed := make([]Failure, 0, len(items))
	for _, item := range items {
		pair, _ := item.([]any)
		failure := Failure{Code: Internal}
		if len(pair) > 0 {
			failure.Path, _ = pair[0].(string)
		}
		if len(pair) > 1 {
			if code, _ := pair[1].(string); code != "" {
				failure.Code = Code(code)
			}
		}
		failed = append(failed, failure)
	}
	return failed
}
