package host

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// What starts others faster than it is found, again and again, is not to hold an end up for ever.
	maxSweeps = 10
	// For a process that was killed to be gone, on a machine under heavy load.
	deathTime = 2 * time.Second
)

// killMarked kills what has left the group of a driver, such as a daemon that it has started: all that
// have this variable in their environment.
func killMarked(variable string) {
	for range maxSweeps {
		if killAll(variable) == 0 {
			return
		}
	}
}

func killAll(variable string) (killed int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil && hasVariable(pid, variable) {
			killed += killOne(pid, variable)
		}
	}
	return killed
}

// killOne holds a process by a descriptor, so that its number is not another's by now.
func killOne(pid int, variable string) (killed int) {
	descriptor, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return 0
	}
	defer func() { _ = unix.Close(descriptor) }()
	if !hasVariable(pid, variable) || unix.PidfdSendSignal(descriptor, unix.SIGKILL, nil, 0) != nil {
		return 0
	}
	ended := []unix.PollFd{{Fd: int32(descriptor), Events: unix.POLLIN}}
	_, _ = unix.Poll(ended, int(deathTime.Milliseconds()))
	return 1
}

func hasVariable(pid int, variable string) bool {
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && bytes.Contains(append([]byte{0}, environment...), []byte("\x00"+variable+"\x00"))
}
