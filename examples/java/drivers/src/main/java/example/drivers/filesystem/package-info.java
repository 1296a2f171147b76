/**
 * The driver that keeps objects as files below one directory.
 *
 * <p>An object is a file, its path the path below the root; what others put there by the rules of
 * paths is an object too. Any number of threads and processes may use one root at once, and each
 * may be killed at any moment. The files that do not show are the same as those of the driver in
 * Python, but their locks are of another kind: the two are to use one root one after the other.
 */
package example.drivers.filesystem;
