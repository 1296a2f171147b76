package wire

import (
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"
)

// AppendValue appends a value in msgpack. It fails for a type that a Message may not hold.
func AppendValue(data []byte, value any) (_ []byte, err error) {
	switch value := value.(type) {
	case nil:
		return msgp.AppendNil(data), nil
	case bool:
		return msgp.AppendBool(data, value), nil
	case int:
		return appendInteger(data, int64(value)), nil
	case int64:
		return appendInteger(data, value), nil
	case uint64:
		return msgp.AppendUint64(data, value), nil
	case float64:
		return msgp.AppendFloat64(data, value), nil
	case string:
		return appendText(data, value)
	case []byte:
		return msgp.AppendBytes(data, value), nil
	case []string:
		data = msgp.AppendArrayHeader(data, uint32(len(value)))
		for _, text := range value {
			if data, err = appendText(data, text); err != nil {
				return nil, err
			}
		}
		return data, nil
	case []any:
		return appendItems(data, value)
	case map[string]any:
		return appendMap(data, value)
	default:
		return nil, breach("a value of type %T cannot be sent", value)
	}
}

func appendText(data []byte, text string) ([]byte, error) {
	if !utf8.ValidString(text) {
		return nil, breach("%.40q cannot be sent: it is not UTF-8", text)
	}
	return msgp.AppendString(data, text), nil
}

func appendInteger(data []byte, value int64) []byte {
	if value >= 0 {
		// The unsigned forms are the shorter ones.
		return msgp.AppendUint64(data, uint64(value))
	}
	return msgp.AppendInt64(data, value)
}

func appendItems(data []byte, items []any) (_ []byte, err error) {
	data = msgp.AppendArrayHeader(data, uint32(len(items)))
	for _, item := range items {
		if data, err = AppendValue(data, item); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func appendMap(data []byte, pairs map[string]any) (_ []byte, err error) {
	data = msgp.AppendMapHeader(data, uint32(len(pairs)))
	for key, value := range pairs {
		data = msgp.AppendString(data, key)
		if data, err = AppendValue(data, value); err != nil {
			return nil, err
		}
	}
	return data, nil
}
