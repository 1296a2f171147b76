package host

import "golang.org/x/sys/unix"

// awaitEnd returns true when a child has ended, and does not reap it.
func awaitEnd(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return err == nil
		}
	}
}
