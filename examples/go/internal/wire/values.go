package wire

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// A misfit says what a value should have been; whoever knows where it stands says that too.
type misfit string

func (m misfit) Error() string { return string(m) }

// check returns a value in its normal form: integers as int64, times as []any of two of them.
type check func(value any) (any, error)

// maxExactFloat is up to where a float64 holds every whole number.
const maxExactFloat = 1 << 53

// Integer returns the whole number that a value is. It may come as a float, as some languages have
// only those.
func Integer(value any) (int64, bool) {
	switch value := value.(type) {
	case int64:
		return value, true
	case float64:
		if value == math.Trunc(value) && math.Abs(value) <= maxExactFloat {
			return int64(value), true
		}
	}
	return 0, false
}

func checkText(value any) (any, error) {
	if _, ok := value.(string); !ok {
		return nil, misfit("must be a text")
	}
	return value, nil
}

func checkVersion(value any) (any, error) {
	if version, ok := value.([]byte); !ok || len(version) > MaxVersionBytes {
		return nil, misfit(fmt.Sprintf("must be binary of at most %d bytes", MaxVersionBytes))
	}
	return value, nil
}

func checkFlag(value any) (any, error) {
	if _, ok := value.(bool); !ok {
		return nil, misfit("must be true or false")
	}
	return value, nil
}

func checkInteger(least, most int64) check {
	return func(value any) (any, error) {
		number, ok := Integer(value)
		if !ok || number < least || number > most {
			return nil, misfit(fmt.Sprintf("must be an integer from %d to %d", least, most))
		}
		return number, nil
	}
}

var (
	checkCount  = checkInteger(0, math.MaxInt64)
	checkCredit = checkInteger(0, MaxCreditBytes)
	checkLimit  = checkInteger(MinChunkBytes, MaxCreditBytes)
)

func checkTexts(value any) (any, error) {
	items, ok := value.([]any)
	if !ok {
		return nil, misfit("must be an array of texts")
	}
	for _, item := range items {
		if _, ok := item.(string); !ok {
			return nil, misfit("must be an array of texts")
		}
	}
	return value, nil
}

// The years 1 to 9999.
var (
	firstSecond = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	lastSecond  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
)

func checkTime(value any) (any, error) {
	pair, ok := value.([]any)
	if !ok || len(pair) != 2 {
		return nil, misfit("must be [seconds, nanoseconds]")
	}
	seconds, ok := Integer(pair[0])
	if !ok || seconds < firstSecond || seconds > lastSecond {
		return nil, misfit("must have seconds, in the years 1 to 9999")
	}
	nanoseconds, ok := Integer(pair[1])
	if !ok || nanoseconds < 0 || nanoseconds >= int64(time.Second) {
		return nil, misfit("must have 0 to 999999999 nanoseconds")
	}
	return []any{seconds, nanoseconds}, nil
}

// TimeFromWire returns the time that a value is, in UTC.
func TimeFromWire(value any) (time.Time, error) {
	checked, err := checkTime(value)
	if err != nil {
		return time.Time{}, breach("a time %v", err)
	}
	pair := checked.([]any)
	return time.Unix(pair[0].(int64), pair[1].(int64)).UTC(), nil
}

// TimeToWire returns a time as it travels.
func TimeToWire(t time.Time) []any {
	return []any{t.Unix(), int64(t.Nanosecond())}
}

// checkMap looks at the keys that are known, and keeps all.
func checkMap(required bool, checks map[string]check) check {
	return func(value any) (any, error) {
		pairs, ok := value.(map[string]any)
		if !ok {
			return nil, misfit("must be a map")
		}
		checked := make(map[string]any, len(pairs))
		for name, one := range pairs {
			checked[name] = one
			known := checks[name]
			if known == nil || one == nil {
				continue
			}
			normal, err := known(one)
			if err != nil {
				return nil, misfit(fmt.Sprintf("has a key %s that %v", name, err))
			}
			checked[name] = normal
		}
		if required {
			for name := range checks {
				if checked[name] == nil {
					return nil, misfit("must have the key " + name)
				}
			}
		}
		return checked, nil
	}
}

var (
	checkOptions = checkMap(false, map[string]check{"method": checkText, "expiry": checkTime})
	checkMeta    = checkMap(false, map[string]check{"deadline_ms": checkCount, "traceparent": checkText})
	checkWorker  = checkMap(true, map[string]check{
		"channel": checkCount, "id": checkCount, "method": checkText,
		"busy_ms": checkCount, "moved_bytes": checkCount,
	})
)

func checkWorkers(value any) (any, error) {
	items, ok := value.([]any)
	if !ok {
		return nil, misfit("must be an array")
	}
	workers := make([]any, len(items))
	for i, item := range items {
		worker, err := checkWorker(item)
		if err != nil {
			return nil, err
		}
		workers[i] = worker
	}
	return workers, nil
}

// ErrUnknownMethod is what CheckParams fails with for a method that is not in the table.
var ErrUnknownMethod = errors.New("unknown method")
