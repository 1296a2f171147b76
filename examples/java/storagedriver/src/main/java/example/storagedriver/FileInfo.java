package example.storagedriver;

import java.time.Instant;

/**
 * What is told of an object or a directory.
 *
 * @param modTime null for a directory, whose size is 0
 */
public record FileInfo(String path, long size, Instant modTime, boolean isDirectory) {
  /** Tells of an object. */
  public static FileInfo object(String path, long size, Instant modTime) {
    return new FileInfo(path, size, modTime, false);
  }

  /** Tells of a directory. */
  public static FileInfo directory(String path) {
    return new FileInfo(path, 0, null, true);
  }
}
