package example.drivers.filesystem;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Contents that are written out of sight, to appear whole by one rename. A staging file has a name
 * that no path has. Its writer holds a lock on it: so whoever finds one that is old and not locked
 * knows that it was left by a crash.
 */
final class Staging implements AutoCloseable {
  /** In the root, and so on its file system: a rename from there is atomic. */
  static final Path DIRECTORY = Path.of(".staging~");

  // How old a staging file is that a sweep removes. For an instant after it was made a live one is
  // not locked; an hour is beyond that by far.
  static final Duration STALE = Duration.ofHours(1);

  private static final Pattern NAME = Pattern.compile("[0-9a-f]{32}~");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Directory directory;
  private final Path name = randomName();
  private final FileChannel file;
  private boolean isRenamed;

  /** Makes an empty file. */
  Staging(Root root) throws IOException {
    directory = root.openHidden(DIRECTORY, Durability.NONE);
    try {
      file =
          directory.openFile(
              name,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.CREATE_NEW);
    } catch (IOException failure) {
      directory.close();
      throw failure;
    }
    isLocked(file); // where locks are not to be had, nothing sweeps either
  }

  private static boolean isLocked(FileChannel file) {
    try {
      return file.tryLock() != null;
    } catch (IOException | OverlappingFileLockException failure) {
      return false;
    }
  }

  static Path randomName() {
    return Path.of(randomId() + "~");
  }

  static String randomId() {
    byte[] random = new byte[16];
    RANDOM.nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  void write(ByteBuffer content) throws IOException {
    while (content.hasRemaining()) {
      file.write(content);
    }
  }

  /** Makes the content final and durable. */
  void finish(Durability durability) throws IOException {
    durability.syncContent(file);
  }

  /** Keeps what must not change when an object is replaced. */
  void takeOver(Status replaced, Durability durability) throws IOException {
    takeOver(directory, name, file, replaced, durability);
  }

  /**
   * Keeps what must not change when an object is replaced by a file: its permissions, which
   * somebody may have set on purpose, and its time, which never goes back although clocks do.
   */
  static void takeOver(
      Directory directory, Path name, FileChannel file, Status replaced, Durability durability)
      throws IOException {
    Status own = directory.status(name);
    boolean isEarlier = own != null && own.modTime().isBefore(replaced.modTime());
    if (own == null || !isEarlier && own.permissions().equals(replaced.permissions())) {
      return;
    }
    if (isEarlier) {
      directory.setModTime(name, replaced.modTime());
    }
    directory.setPermissions(name, replaced.permissions());
    durability.syncContent(file);
  }

  /** Lets it appear, in place of whatever object is there. */
  void rename(Directory target, Path newName) throws IOException {
    directory.rename(name, target, newName);
    isRenamed = true;
  }

  /** Ends the file, unless it was renamed. */
  @Override
  public void close() {
    try {
      if (!isRenamed) {
        directory.remove(name);
      }
      file.close(); // what it could tell of the content was asked for when it was synced
    } catch (IOException failure) {
      // What is left is swept.
    }
    directory.close();
  }

  /** Removes what crashes have left. What cannot be removed stays. */
  static void sweep(Root root) {
    try (Directory directory = root.directory().open(DIRECTORY)) {
      directory.each(
          name -> {
            if (NAME.matcher(name.toString()).matches()) {
              sweep(directory, name);
            }
            return true;
          });
    } catch (IOException failure) {
      // There is none, or it cannot be read.
    }
  }

  private static void sweep(Directory directory, Path name) {
    try {
      Status status = directory.status(name);
      if (status == null || status.modTime().isAfter(Instant.now().minus(STALE))) {
        return;
      }
      if (status.isDirectory()) {
        directory.removeDirectory(name);
        return;
      }
      try (FileChannel file = directory.openFile(name, StandardOpenOption.WRITE)) {
        if (isLocked(file)) {
          directory.remove(name);
        }
      }
    } catch (IOException failure) {
      // One that is another's to remove is no reason to leave the others.
    }
  }
}
