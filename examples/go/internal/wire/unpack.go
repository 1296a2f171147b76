package wire

import (
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"
)

// unpackArray returns the elements of the one array that data is. Binary in it shares data's memory.
func unpackArray(data []byte, levels int) (elements []any, rest []byte, err error) {
	if len(data) == 0 || msgp.NextType(data) != msgp.ArrayType {
		return nil, nil, breach("an array is needed")
	}
	value, rest, err := unpack(data, levels)
	if err != nil {
		return nil, nil, err
	}
	elements, _ = value.([]any)
	return elements, rest, nil
}

// unpack returns the value that data begins with, and what is behind it. Arrays and maps may be
// nested as deep as levels says.
func unpack(data []byte, levels int) (value any, rest []byte, err error) {
	if len(data) == 0 {
		return nil, nil, breach("malformed: it ends too early")
	}
	switch msgp.NextType(data) {
	case msgp.StrType:
		return unpackText(data)
	case msgp.BinType:
		value, rest, err = wrap(msgp.ReadBytesZC(data))
	case msgp.IntType:
		value, rest, err = wrap(msgp.ReadInt64Bytes(data))
	case msgp.UintType:
		return unpackUnsigned(data)
	case msgp.BoolType:
		value, rest, err = wrap(msgp.ReadBoolBytes(data))
	case msgp.NilType:
		rest, err = msgp.ReadNilBytes(data)
	case msgp.Float64Type:
		value, rest, err = wrap(msgp.ReadFloat64Bytes(data))
	case msgp.Float32Type:
		var single float32
		single, rest, err = msgp.ReadFloat32Bytes(data)
		value = float64(single)
	case msgp.ArrayType:
		return unpackItems(data, levels)
	case msgp.MapType:
		return unpackMap(data, levels)
	default:
		return nil, nil, breach("malformed: a type that is not allowed, 0x%02x", data[0])
	}
	if err != nil {
		return nil, nil, breach("malformed: %v", err)
	}
	return value, rest, nil
}

func wrap[T any](value T, rest []byte, err error) (any, []byte, error) { return value, rest, err }

func unpackText(data []byte) (any, []byte, error) {
	text, rest, err := msgp.ReadStringZC(data)
	if err != nil {
		return nil, nil, breach("malformed: %v", err)
	}
	if !utf8.Valid(text) {
		return nil, nil, breach("malformed: a text is not UTF-8")
	}
	return string(text), rest, nil
}

func unpackUnsigned(data []byte) (any, []byte, error) {
	number, rest, err := msgp.ReadUint64Bytes(data)
	if err != nil {
		return nil, nil, breach("malformed: %v", err)
	}
	if signed := int64(number); signed >= 0 {
		return signed, rest, nil
	}
	return number, rest, nil
}

func unpackItems(data []byte, levels int) (any, []byte, error) {
	size, data, err := msgp.ReadArrayHeaderBytes(data)
	if err := checkContainer(size, levels, err); err != nil {
		return nil, nil, err
	}
	items := make([]any, size)
	for i := range items {
		if items[i], data, err = unpack(data, levels-1); err != nil {
			return nil, nil, err
		}
	}
	return items, data, nil
}

func unpackMap(data []byte, levels int) (any, []byte, error) {
	size, data, err := msgp.ReadMapHeaderBytes(data)
	if err := checkContainer(size, levels, err); err != nil {
		return nil, nil, err
	}
	pairs := make(map[string]any, size)
	for range size {
		if len(data) == 0 || msgp.NextType(data) != msgp.StrType {
			return nil, nil, breach("a key of a map must be a text")
		}
		var key, value any
		if key, data, err = unpackText(data); err != nil {
			return nil, nil, err
		}
		if value, data, err = unpack(data, levels-1); err != nil {
			return nil, nil, err
		}
		pairs[key.(string)] = value
	}
	if len(pairs) != int(size) {
		return nil, nil, breach("a map has the same key twice")
	}
	return pairs, data, nil
}

func checkContainer(size uint32, levels int, err error) error {
	switch {
	case err != nil:
		return breach("malformed: %v", err)
	case size > MaxContainerItems:
		return breach("an array or map of more than %d", MaxContainerItems)
	case levels == 0:
		return breach("nested deeper than %d levels", MaxNestingLevels)
	}
	return nil
}
