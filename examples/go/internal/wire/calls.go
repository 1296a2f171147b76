package wire

import "fmt"

// Direction is the way the content of a call flows, as the host sees it.
type Direction uint8

// The directions.
const (
	None Direction = iota
	Sent
	Received
)

// Call is one method of the protocol.
type Call struct {
	Method    string
	Direction Direction
	// CountKey is the key of the result that tells how much content moved; empty if there is none.
	CountKey string
	// CountsFromOffset says whether that count has the param offset in it.
	CountsFromOffset bool

	params, result, info, entry []key
}

// A key of a map, or an element of an entry. Nil means the same as absent, and then absent stands
// for it, unless the key is required.
type key struct {
	name     string
	of       check
	required bool
	absent   any
}

func must(name string, of check) key { return key{name: name, of: of, required: true} }

func may(name string, of check, absent any) key { return key{name: name, of: of, absent: absent} }

func (k key) check(value any) (any, error) {
	if value == nil {
		if k.required {
			return nil, fmt.Errorf("%s is missing", k.name)
		}
		return k.absent, nil
	}
	checked, err := k.of(value)
	if err != nil {
		return nil, fmt.Errorf("%s %w", k.name, err)
	}
	return checked, nil
}

// Calls are all methods by their names.
var Calls = table()

func table() map[string]*Call {
	var (
		path       = must("path", checkText)
		uploadID   = must("upload_id", checkText)
		offset     = must("offset", checkCount)
		size       = must("size", checkCount)
		written    = must("written", checkCount)
		count      = must("count", checkCount)
		credit     = must("credit", checkCredit)
		version    = may("version", checkVersion, []byte{})
		end        = may("end", checkFlag, false)
		startAfter = may("start_after", checkText, nil)
		anySize    = may("size", checkCount, nil)
		meta       = may("meta", checkMeta, nil)
		read       = []key{anySize, version}
	)
	calls := []*Call{
		{
			Method: "Hello",
			params: []key{
				must("version", checkText), must("features", checkTexts), must("max_chunk", checkLimit),
			},
			result: []key{
				must("version", checkText), must("name", checkText), must("features", checkTexts),
				must("max_channels", checkCount), must("write_credit", checkLimit),
				must("max_chunk", checkLimit),
			},
		},
		{Method: "OpenChannel", params: []key{must("channel", checkCount), must("endpoint", checkText)}},
		{Method: "Ping", result: []key{must("workers", checkWorkers)}},
		{Method: "Shutdown"},
		{
			Method: "GetContent", Direction: Received, CountKey: "size",
			params: []key{path, credit}, result: []key{size, version}, info: read,
		},
		{
			Method: "ReadStream", Direction: Received, CountKey: "size",
			params: []key{path, offset, credit, version}, result: []key{size, version}, info: read,
		},
		{
			Method: "PutContent", Direction: Sent, CountKey: "written",
			params: []key{path, end}, result: []key{written},
		},
		{
			Method: "WriteStream", Direction: Sent, CountKey: "written",
			params: []key{path, offset, end}, result: []key{written},
		},
		{
			Method: "Stat", params: []key{path},
			result: []key{path, size, may("mod_time", checkTime, nil), must("is_dir", checkFlag)},
		},
		{
			Method: "List", Direction: Received,
			params: []key{path, startAfter, credit}, result: []key{count},
			entry: []key{must("name", checkText), may("is_dir", checkFlag, nil)},
		},
		{
			Method: "Walk", Direction: Received,
			params: []key{path, startAfter, credit}, result: []key{count},
			entry: []key{path, size, must("mod_time", checkTime)},
		},
		{Method: "Move", params: []key{must("source", checkText), must("destination", checkText)}},
		{Method: "Delete", params: []key{path}},
		{
			Method: "URLFor", params: []key{path, must("options", checkOptions)},
			result: []key{must("url", checkText)},
		},
		{
			Method: "OpenUpload", params: []key{path, may("upload_id", checkText, nil)},
			result: []key{uploadID, size},
		},
		{
			Method: "WriteUpload", Direction: Sent, CountKey: "size", CountsFromOffset: true,
			params: []key{uploadID, offset, end}, result: []key{size},
		},
		{Method: "CommitUpload", params: []key{uploadID, anySize, may("digest", checkText, nil)}},
		{Method: "CancelUpload", params: []key{uploadID}},
		{Method: "CloseUpload", params: []key{uploadID}},
		{
			Method: "ListUploads", Direction: Received,
			params: []key{path, credit}, result: []key{count},
			entry: []key{uploadID, path, size, must("time", checkTime)},
		},
	}
	byMethod := make(map[string]*Call, len(calls))
	for _, call := range calls {
		call.params = append(call.params, meta)
		byMethod[call.Method] = call
	}
	return byMethod
}

// CheckParams returns the known keys of the params of a method in their normal form, with what
// stands for those that are absent. It fails with ErrUnknownMethod, or a *ProtocolError.
func CheckParams(method string, params map[string]any) (map[string]any, error) {
	call, ok := Calls[method]
	if !ok {
		return nil, ErrUnknownMethod
	}
	return checkKeys(method, "params", call.params, params)
}

// CheckResult does the same for the result of a success.
func CheckResult(method string, result map[string]any) (map[string]any, error) {
	call, ok := Calls[method]
	if !ok {
		return nil, breach("nothing is known of the answer to %.40q", method)
	}
	return checkKeys(method, "result", call.result, result)
}

// CheckInfo does the same for the info of a START.
func CheckInfo(method string, info map[string]any) (map[string]any, error) {
	call, ok := Calls[method]
	if !ok {
		return nil, breach("nothing is known of the answer to %.40q", method)
	}
	return checkKeys(method, "info", call.info, info)
}

func checkKeys(method, part string, keys []key, given map[string]any) (map[string]any, error) {
	checked := make(map[string]any, len(keys))
	for _, key := range keys {
		value, err := key.check(given[key.name])
		if err != nil {
			return nil, breach("%s %s: %v", method, part, err)
		}
		checked[key.name] = value
	}
	return checked, nil
}
