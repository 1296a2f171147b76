package wire

// Listing takes the content of one listing chunk by chunk, as the host does.
type Listing struct {
	method string
	count  int64
	last   [2]string
}

// NewListing returns one for a method that lists.
func NewListing(method string) *Listing { return &Listing{method: method} }

// IsListing tells whether the content of a method is entries.
func IsListing(method string) bool {
	call, ok := Calls[method]
	return ok && call.entry != nil
}

// Take returns the entries of the next chunk, each with all the elements that are known.
func (l *Listing) Take(chunk []byte) (entries [][]any, err error) {
	for len(chunk) > 0 {
		begin := len(chunk)
		var elements []any
		if elements, chunk, err = unpackArray(chunk, MaxNestingLevels); err != nil {
			return nil, err
		}
		if size := begin - len(chunk); size > MaxEntryBytes {
			return nil, breach("an entry of %d bytes is longer than %d", size, MaxEntryBytes)
		}
		entry, err := Calls[l.method].checkEntry(elements)
		if err != nil {
			return nil, err
		}
		if err := l.checkOrder(entry); err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// Finish holds the result of the listing against the entries that came.
func (l *Listing) Finish(result map[string]any) error {
	if count, _ := Integer(result["count"]); count != l.count {
		return breach("%s counts %d entries, and %d came", l.method, count, l.count)
	}
	return nil
}

func (l *Listing) checkOrder(entry []any) error {
	place := [2]string{entry[0].(string), ""}
	if l.method == "ListUploads" {
		place = [2]string{entry[1].(string), entry[0].(string)}
	}
	if l.count > 0 && (place[0] < l.last[0] || place[0] == l.last[0] && place[1] <= l.last[1]) {
		return breach("%s: %.300q is out of order", l.method, place[0])
	}
	l.count++
	l.last = place
	return nil
}

func (c *Call) checkEntry(elements []any) ([]any, error) {
	entry := make([]any, len(c.entry))
	for i, key := range c.entry {
		var value any
		if i < len(elements) {
			value = elements[i]
		}
		checked, err := key.check(value)
		if err != nil {
			return nil, breach("%s entry: %v", c.Method, err)
		}
		entry[i] = checked
	}
	return entry, nil
}

// UnpackMap returns the one map that data is. It is for tests of other packages.
func UnpackMap(data []byte) (map[string]any, error) {
	value, rest, err := unpack(data, MaxNestingLevels)
	if err != nil {
		return nil, err
	}
	pairs, ok := value.(map[string]any)
	if !ok || len(rest) > 0 {
		return nil, breach("a map is needed, and nothing behind it")
	}
	return pairs, nil
}
