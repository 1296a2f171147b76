//go:build !linux

package filesystem

// forPassing opens a directory to go on from.
const forPassing = forListing

const descriptorsDirectory = "/dev/fd"
