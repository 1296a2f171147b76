package example.drivers.filesystem;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;

/**
 * An open directory, and what can be done with the names in it. No link is followed, and there is
 * no moment at which another process could swap one in: each call is openat or the like.
 *
 * <p>Errors are those of the system. A name is a path of one element: those of others need not be
 * text.
 */
final class Directory implements AutoCloseable {
  private static final Path ITSELF = Path.of(".");

  private final SecureDirectoryStream<Path> stream;

  private Directory(SecureDirectoryStream<Path> stream) {
    this.stream = stream;
  }

  /** Opens a directory by its path. Links may lead to it. */
  static Directory at(Path path) throws IOException {
    DirectoryStream<Path> stream = Files.newDirectoryStream(path);
    if (stream instanceof SecureDirectoryStream<Path> secure) {
      return new Directory(secure);
    }
    stream.close();
    throw new IOException("this system has no directories that can be held open");
  }

  /** Opens a directory in this one. */
  Directory open(Path name) throws IOException {
    Status status = status(name);
    if (status == null) {
      throw new NoSuchFileException(name.toString());
    }
    if (status.isRegular()) {
      throw new NotDirectoryException(name.toString());
    }
    // Asked first, as opening a fifo would wait for its other end.
    if (!status.isDirectory()) {
      throw new SystemErrors.InTheWayException(name.toString());
    }
    return new Directory(stream.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS));
  }

  /**
   * Opens a file, and makes it if the options say so. What is there must be none but a file or a
   * directory.
   */
  FileChannel openFile(Path name, StandardOpenOption... options) throws IOException {
    Status status = status(name);
    if (status != null && !status.isRegular() && !status.isDirectory()) {
      throw new SystemErrors.InTheWayException(name.toString());
    }
    Set<OpenOption> all = new HashSet<>(Set.of(options));
    all.add(LinkOption.NOFOLLOW_LINKS);
    return (FileChannel) stream.newByteChannel(name, all);
  }

  /** Returns the status of what has a name, null if nothing has. */
  Status status(Path name) throws IOException {
    try {
      return new Status(view(name).readAttributes());
    } catch (NoSuchFileException none) {
      return null;
    }
  }

  private PosixFileAttributeView view(Path name) {
    return stream.getFileAttributeView(
        name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
  }

  /** Sets the time of a file, cut to a microsecond. */
  void setModTime(Path name, Instant time) throws IOException {
    view(name).setTimes(FileTime.from(time), null, null);
  }

  void setPermissions(Path name, Set<PosixFilePermission> permissions) throws IOException {
    view(name).setPermissions(permissions);
  }

  void remove(Path name) throws IOException {
    stream.deleteFile(name);
  }

  void removeDirectory(Path name) throws IOException {
    stream.deleteDirectory(name);
  }

  /** Renames atomically, and replaces a file, or an empty directory by a directory. */
  void rename(Path name, Directory target, Path newName) throws IOException {
    stream.move(name, target.stream, newName);
  }

  void sync() throws IOException {
    Set<OpenOption> options = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    try (FileChannel file = (FileChannel) stream.newByteChannel(ITSELF, options)) {
      file.force(true);
    }
  }

  /** Takes the names in a directory, and tells whether it wants more. */
  interface NameVisitor {
    boolean visit(Path name) throws IOException;
  }

  /** Gives the names in the directory, in no order. */
  void each(NameVisitor visitor) throws IOException {
    // A listing moves a position that goes with the descriptor, so each needs its own.
    try (DirectoryStream<Path> own = stream.newDirectoryStream(ITSELF, LinkOption.NOFOLLOW_LINKS)) {
      for (Path path : own) {
        if (!visitor.visit(path.getFileName())) {
          return;
        }
      }
    } catch (DirectoryIteratorException failure) {
      throw failure.getCause();
    }
  }

  @Override
  public void close() {
    try {
      stream.close();
    } catch (IOException failure) {
      // Nothing was written by it.
    }
  }
}
