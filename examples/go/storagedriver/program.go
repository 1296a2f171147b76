package storagedriver

import (
	"fmt"
	"io"
	"slices"
)

// Program is all that is needed to serve a driver.
type Program struct {
	// Name of the driver; empty for that of the program behind registry-storage-.
	Name string
	// Features that the driver has.
	Features []Feature
	// New makes the driver, once, when the host says Hello. Its error reaches the host's caller.
	New func(parameters Parameters) (Driver, error)
}

// told returns the features as they are told to a host.
func (p *Program) told() []string {
	told := []string{string(Ping)}
	for _, feature := range p.Features {
		if !slices.Contains(told, string(feature)) {
			told = append(told, string(feature))
		}
	}
	slices.Sort(told)
	return told
}

func (p *Program) has(feature Feature) bool { return slices.Contains(p.Features, feature) }

// make makes the driver. It fails if the driver is not what the features say.
func (p *Program) make(parameters Parameters) (Driver, error) {
	driver, err := p.New(parameters)
	if err != nil {
		return nil, err
	}
	_, walks := driver.(Walker)
	_, uploads := driver.(Uploader)
	_, urls := driver.(URLMaker)
	for feature, does := range map[Feature]bool{Walk: walks, Uploads: uploads, URLFor: urls} {
		if p.has(feature) != does {
			closeDriver(driver)
			return nil, fmt.Errorf("the feature %s and the methods of %T do not agree", feature, driver)
		}
	}
	return driver, nil
}

func closeDriver(driver Driver) {
	if closer, ok := driver.(io.Closer); ok {
		if err := closer.Close(); err != nil {
			logFailure("closing the driver", err)
		}
	}
}

// Parameters of a driver, with the types of JSON; numbers are json.Number.
type Parameters map[string]any

// CheckKnown fails with InvalidParameters if there is a parameter that is not among the known ones.
func (p Parameters) CheckKnown(known ...string) error {
	for name := range p {
		if !slices.Contains(known, name) {
			return ParameterError(name, fmt.Sprintf("unknown parameter; known: %v", known))
		}
	}
	return nil
}
