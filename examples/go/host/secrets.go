package host

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"storagedriver.example/go/storagedriver"
)

// Shorter texts stand in many words. They are hidden only where they stand alone.
const shortestWithinWords = 4

// secrets takes what a driver must not repeat out of what it says.
type secrets struct {
	pattern *regexp.Regexp
	longest int
}

// newSecrets hides the token, and the texts and numbers in the parameters that are named, at any
// depth: as they are, as JSON and Go write them, and line by line.
func newSecrets(token string, parameters map[string]any, names []string) *secrets {
	spellings := []string{token}
	for _, name := range names {
		for _, text := range textsIn(parameters[name]) {
			spellings = append(spellings, spell(text)...)
		}
	}
	// The longest first: what contains another one is to be hidden as a whole.
	slices.SortFunc(spellings, func(a, b string) int { return len(b) - len(a) })
	patterns := make([]string, 0, len(spellings))
	for _, spelling := range spellings {
		pattern := regexp.QuoteMeta(spelling)
		if len(spelling) < shortestWithinWords {
			pattern = `\b` + pattern + `\b`
		}
		patterns = append(patterns, pattern)
	}
	return &secrets{regexp.MustCompile(strings.Join(patterns, "|")), len(spellings[0])}
}

// textsIn returns the texts and numbers in a value, as JSON has them.
func textsIn(value any) []string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	var plain any
	decoder := json.NewDecoder(strings.NewReader(string(encoded)))
	decoder.UseNumber()
	if decoder.Decode(&plain) != nil {
		return nil
	}
	return collectTexts(plain)
}

func collectTexts(plain any) (texts []string) {
	switch plain := plain.(type) {
	case string:
		return []string{plain}
	case json.Number:
		return []string{plain.String()}
	case []any:
		for _, item := range plain {
			texts = append(texts, collectTexts(item)...)
		}
	case map[string]any:
		for _, item := range plain {
			texts = append(texts, collectTexts(item)...)
		}
	}
	return texts
}

func spell(text string) []string {
	spellings := []string{text}
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); len(line) >= shortestWithinWords {
			spellings = append(spellings, line)
		}
	}
	if encoded, err := json.Marshal(text); err == nil {
		spellings = append(spellings, string(encoded[1:len(encoded)-1]))
	}
	plain := &strings.Builder{}
	encoder := json.NewEncoder(plain)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(text) == nil {
		spellings = append(spellings, strings.Trim(plain.String(), "\"\n"))
	}
	return slices.DeleteFunc(spellings, func(spelling string) bool { return spelling == "" })
}

// hide returns a text with stars in the place of each secret.
func (s *secrets) hide(text string) string { return s.pattern.ReplaceAllString(text, "***") }

// hideIn puts stars into the texts of an error.
func (s *secrets) hideIn(failure *storagedriver.Error) {
	for _, text := range []*string{
		&failure.Message, &failure.Path, &failure.Method, &failure.Name, &failure.Parameter,
		&failure.Reason, &failure.Stderr, &failure.Detail,
	} {
		*text = s.hide(*text)
	}
	for i := range failure.Failed {
		failure.Failed[i].Path = s.hide(failure.Failed[i].Path)
	}
}
