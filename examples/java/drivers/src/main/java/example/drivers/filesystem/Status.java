package example.drivers.filesystem;

import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.Set;

/** What is known of a file or directory; of a link it is that of the link. */
record Status(PosixFileAttributes attributes) {
  boolean isDirectory() {
    return attributes.isDirectory();
  }

  boolean isRegular() {
    return attributes.isRegularFile();
  }

  long size() {
    return attributes.size();
  }

  Instant modTime() {
    return attributes.lastModifiedTime().toInstant();
  }

  Set<PosixFilePermission> permissions() {
    return attributes.permissions();
  }

  boolean isSame(Status other) {
    return attributes.fileKey().equals(other.attributes.fileKey());
  }
}
