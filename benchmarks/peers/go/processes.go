package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// memory is that of the host and of the plugin before a stream.
type memory struct {
	pids   map[string]string
	before map[string]float64
}

// cpuSeconds is what this process and the plugin have used, by the scheduler's own clocks.
func cpuSeconds(plugin int) float64 {
	return clock(unix.CLOCK_PROCESS_CPUTIME_ID) + clock(int32(^plugin<<3|2))
}

func clock(id int32) float64 {
	var found unix.Timespec
	if err := unix.ClockGettime(id, &found); err != nil {
		return 0
	}
	return float64(found.Nano()) / 1e9
}

// watchMemory begins the peaks of both processes anew.
func watchMemory(plugin int) (*memory, error) {
	watch := &memory{
		pids:   map[string]string{"host": "self", "driver": strconv.Itoa(plugin)},
		before: map[string]float64{},
	}
	for process, pid := range watch.pids {
		if err := os.WriteFile("/proc/"+pid+"/clear_refs", []byte("5"), 0); err != nil {
			return nil, err
		}
		now, _, err := resident(pid)
		if err != nil {
			return nil, err
		}
		watch.before[process] = now
	}
	return watch, nil
}

// add puts the figures since then beside the others.
func (watch *memory) add(name string, found figures) error {
	for process, pid := range watch.pids {
		now, peak, err := resident(pid)
		if err != nil {
			return err
		}
		found[name+", memory of the "+process] = now
		found[name+", peak memory of the "+process] = peak
		found[name+", memory over idle of the "+process] = peak - watch.before[process]
	}
	return nil
}

// resident returns the memory of a process, now and at its peak, in MiB.
func resident(pid string) (now, peak float64, err error) {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0, 0, err
	}
	fields := map[string]float64{}
	for line := range strings.SplitSeq(string(status), "\n") {
		if name, value, found := strings.Cut(line, ":"); found && strings.HasPrefix(name, "Vm") {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			if err != nil {
				return 0, 0, fmt.Errorf("%s of process %s: %w", name, pid, err)
			}
			fields[name] = kib / 1024
		}
	}
	return fields["VmRSS"], fields["VmHWM"], nil
}
