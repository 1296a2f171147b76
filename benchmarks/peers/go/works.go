package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// figures are those of a work, by the names that Python has for them.
type figures map[string]float64

// The same works as the modules of Python do, in the same way: see calls.py, threads.py,
// streams.py and starting.py.
var works = map[string]func(task) (figures, error){
	"start":     measureStart,
	"stat":      oneCaller("stat", func(s *subject, _ []byte) error { return s.stat(smallKey) }),
	"get 4 KiB": oneCaller("get 4 KiB", getSmall),
	"put 4 KiB": oneCaller("put 4 KiB", func(s *subject, small []byte) error { return s.put(smallKey, small) }),
	"threads":   measureThreads,
	"streams":   measureStreams,
	"whole":     measureWhole,
}

const (
	smallKey = "/small"
	largeKey = "/large"
	// Calls between two looks at the clock, as in Python.
	batchCalls = 16
	mib        = 1 << 20
	// More than the caches hold.
	sourceBytes = 64 * mib
)

func getSmall(s *subject, _ []byte) error {
	_, err := s.get(smallKey)
	return err
}

func measureStart(asked task) (figures, error) {
	var times []float64
	for range asked.Starts {
		began := time.Now()
		started, err := start()
		if err != nil {
			return nil, err
		}
		times = append(times, milliseconds(time.Since(began)))
		started.stop()
	}
	return figures{"start to first answer": median(times)}, nil
}

func oneCaller(name string, call func(*subject, []byte) error) func(task) (figures, error) {
	return func(asked task) (figures, error) {
		return withSmall(asked, func(s *subject, small []byte) (figures, error) {
			once := func() error { return call(s, small) }
			if _, _, err := callFor(once, asked.CallSeconds/4); err != nil {
				return nil, err
			}
			latencies, err := timeEach(once, asked.CallSeconds)
			if err != nil {
				return nil, err
			}
			before := cpuSeconds(s.pid)
			calls, elapsed, err := callFor(once, asked.CallSeconds)
			if err != nil {
				return nil, err
			}
			cpu := cpuSeconds(s.pid) - before
			return figures{
				name + ", p50":               percentile(latencies, 50),
				name + ", p99":               percentile(latencies, 99),
				name + ", rate":              float64(calls) / elapsed.Seconds(),
				name + ", CPU of 1000 calls": cpu / float64(calls) * 1e6,
			}, nil
		})
	}
}

func measureThreads(asked task) (figures, error) {
	return withSmall(asked, func(s *subject, small []byte) (figures, error) {
		found := figures{}
		for _, count := range asked.ThreadCounts {
			rate, err := callsPerSecond(s, count, asked.CallSeconds)
			if err != nil {
				return nil, err
			}
			found[fmt.Sprintf("get 4 KiB, threads: %d", count)] = rate
		}
		return found, nil
	})
}

func callsPerSecond(s *subject, callers int, seconds float64) (float64, error) {
	var warm, done sync.WaitGroup
	warm.Add(callers)
	totals := make([]int, callers)
	ends := make([]time.Time, callers)
	begins := make([]time.Time, callers)
	failures := make([]error, callers)
	once := func() error { return getSmall(s, nil) }
	for caller := range callers {
		done.Go(func() {
			_, _, failures[caller] = callFor(once, seconds/4)
			warm.Done()
			warm.Wait()
			if failures[caller] == nil {
				begins[caller] = time.Now()
				totals[caller], _, failures[caller] = callFor(once, seconds)
				ends[caller] = time.Now()
			}
		})
	}
	done.Wait()
	total := 0
	for caller := range callers {
		if failures[caller] != nil {
			return 0, failures[caller]
		}
		total += totals[caller]
	}
	elapsed := slices.MaxFunc(ends, time.Time.Compare).Sub(slices.MinFunc(begins, time.Time.Compare))
	return float64(total) / elapsed.Seconds(), nil
}

func measureStreams(asked task) (figures, error) {
	source := random(min(sourceBytes, int(asked.StreamBytes)))
	return withSmall(asked, func(s *subject, small []byte) (figures, error) {
		found := figures{}
		ways := map[string]func() (int64, error){
			"read stream": func() (int64, error) { return s.readStream(largeKey) },
			"write stream": func() (int64, error) {
				return s.writeStream(largeKey, source, asked.StreamBytes)
			},
		}
		for _, name := range []string{"write stream", "read stream"} {
			if err := measureOneWay(s, name, ways[name], asked.StreamBytes, found); err != nil {
				return nil, err
			}
		}
		return found, nil
	})
}

func measureOneWay(
	s *subject, name string, stream func() (int64, error), expected int64, found figures,
) error {
	watch, err := watchMemory(s.pid)
	if err != nil {
		return err
	}
	before := cpuSeconds(s.pid)
	began := time.Now()
	moved, err := stream()
	if err != nil {
		return err
	}
	elapsed := time.Since(began)
	cpu := cpuSeconds(s.pid) - before
	if moved != expected {
		return fmt.Errorf("%d bytes have moved instead of %d", moved, expected)
	}
	found[name] = float64(expected) / elapsed.Seconds() / 1e6
	found[name+", CPU of 1 GiB"] = cpu / float64(expected) * (1 << 30)
	return watch.add(name, found)
}

func measureWhole(asked task) (figures, error) {
	return withSmall(asked, func(s *subject, small []byte) (figures, error) {
		found := figures{}
		for _, size := range asked.WholeMiB {
			if err := s.put(largeKey, random(size*mib)); err != nil {
				return nil, err
			}
			var times []float64
			for range asked.WholeGets {
				began := time.Now()
				content, err := s.get(largeKey)
				if err != nil {
					return nil, err
				}
				times = append(times, milliseconds(time.Since(began)))
				if len(content) != size*mib {
					return nil, fmt.Errorf("%d bytes have come instead of %d", len(content), size*mib)
				}
			}
			found[fmt.Sprintf("get %d MiB whole", size)] = median(times)
		}
		return found, nil
	})
}

// withSmall has a plugin started meanwhile, and a small object in it.
func withSmall(asked task, measure func(*subject, []byte) (figures, error)) (figures, error) {
	s, err := start()
	if err != nil {
		return nil, err
	}
	defer s.stop()
	small := random(asked.SmallBytes)
	if err := s.put(smallKey, small); err != nil {
		return nil, err
	}
	return measure(s, small)
}

func callFor(call func() error, seconds float64) (int, time.Duration, error) {
	began := time.Now()
	calls := 0
	for elapsed := time.Duration(0); ; elapsed = time.Since(began) {
		if elapsed.Seconds() >= seconds && calls > 0 {
			return calls, elapsed, nil
		}
		for range batchCalls {
			if err := call(); err != nil {
				return 0, 0, err
			}
		}
		calls += batchCalls
	}
}

// timeEach returns how long each call took, in microseconds.
func timeEach(call func() error, seconds float64) ([]float64, error) {
	began := time.Now()
	var times []float64
	for last := began; last.Sub(began).Seconds() < seconds; {
		if err := call(); err != nil {
			return nil, err
		}
		now := time.Now()
		times = append(times, float64(now.Sub(last).Nanoseconds())/1e3)
		last = now
	}
	return times, nil
}

// random returns bytes that nothing can compress, the same each time.
func random(size int) []byte {
	content := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content)
	return content
}

func milliseconds(duration time.Duration) float64 { return float64(duration.Nanoseconds()) / 1e6 }

func median(values []float64) float64 {
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

func percentile(values []float64, percent int) float64 {
	slices.Sort(values)
	below := (len(values)*percent + 99) / 100
	return values[max(0, below-1)]
}
