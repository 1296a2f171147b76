package filesystem

import "golang.org/x/sys/unix"

// forPassing opens a directory only to go on from, so permission to read it is not needed.
const forPassing = unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW

const descriptorsDirectory = "/proc/self/fd"
