package example.drivers.filesystem;

import example.storagedriver.StorageException;
import example.storagedriver.UploadInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * An upload is two files in a directory of the root that no path leads to: its path, written and
 * synced first, and its content, which appears at the path by a rename. It is there while both are.
 * So a crash of its opening or of its end leaves at most a path without content, which is no
 * upload, and which a sweep removes.
 */
final class UploadFiles {
  static final Path DIRECTORY = Path.of(".uploads~");

  // While an upload is opened or ends one half of it is there for an instant. One that is older
  // than this was left by a crash.
  static final Duration HALF_MADE = Duration.ofHours(1);

  private static final String CONTENT = ".data~";
  private static final String PATH = ".path~";

  // Behind a path: what a power cut has cut short cannot pass for another path.
  private static final String PATH_END = "\n";
  private static final int MAX_PATH_BYTES = 4096;

  private static final Pattern ID = Pattern.compile("[0-9a-f]{32}");

  private final Root root;
  private final Durability durability;
  private final UploadLocks locks = new UploadLocks();

  UploadFiles(Root root, Durability durability) {
    this.root = root;
    this.durability = durability;
  }

  Root root() {
    return root;
  }

  Durability durability() {
    return durability;
  }

  UploadLocks locks() {
    return locks;
  }

  static Path contentName(String id) {
    return Path.of(id + CONTENT);
  }

  private static Path pathName(String id) {
    return Path.of(id + PATH);
  }

  static StorageException noSuchUpload(String path) {
    return StorageException.notFound(path).because("there is no such upload");
  }

  /** Makes an upload, which is there after a power cut too. */
  FilesystemUpload create(String path) throws StorageException {
    String id = Staging.randomId();
    try (Directory directory = root.openHidden(DIRECTORY, durability)) {
      try {
        writePath(directory, id, path);
        FileChannel content = makeContent(directory, id);
        return new FilesystemUpload(this, id, path, content, 0);
      } catch (IOException failure) {
        remove(directory, id);
        throw failure;
      }
    } catch (IOException failure) {
      throw SystemErrors.named(failure, path);
    }
  }

  private FileChannel makeContent(Directory directory, String id) throws IOException {
    FileChannel content =
        directory.openFile(
            contentName(id),
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE_NEW);
    try {
      durability.syncEntries(directory);
      return content;
    } catch (IOException failure) {
      content.close();
      throw failure;
    }
  }

  private void writePath(Directory directory, String id, String path) throws IOException {
    try (FileChannel file =
        directory.openFile(pathName(id), StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      ByteBuffer text = StandardCharsets.US_ASCII.encode(path + PATH_END);
      while (text.hasRemaining()) {
        file.write(text);
      }
      durability.syncContent(file);
    }
  }

  /** Opens the upload of an id to a path. What is no id never comes near the file system. */
  FilesystemUpload resume(String path, String id) throws StorageException {
    if (!ID.matcher(id).matches()) {
      throw noSuchUpload(path);
    }
    try (Directory directory = root.directory().open(DIRECTORY);
        UploadLocks.Held held = locks.hold(id)) {
      if (!path.equals(readPath(directory, id))) {
        throw noSuchUpload(path);
      }
      FileChannel content = openContent(directory, id);
      return new FilesystemUpload(this, id, path, content, content.size());
    } catch (NoSuchFileException missing) {
      throw noSuchUpload(path);
    } catch (IOException failure) {
      throw SystemErrors.named(failure, path);
    }
  }

  /** Returns the path of an upload, null if there is none or it is no whole one. */
  private static String readPath(Directory directory, String id) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(MAX_PATH_BYTES);
    try (FileChannel file = directory.openFile(pathName(id), StandardOpenOption.READ)) {
      while (text.hasRemaining() && file.read(text) >= 0) {
        // There is more.
      }
    } catch (NoSuchFileException missing) {
      return null;
    }
    String path = new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII);
    if (!path.endsWith(PATH_END)) {
      return null;
    }
    path = path.substring(0, path.length() - PATH_END.length());
    return Root.isPath(path) && !path.equals("/") ? path : null;
  }

  private static FileChannel openContent(Directory directory, String id) throws IOException {
    Path name = contentName(id);
    StandardOpenOption[] options = {StandardOpenOption.READ, StandardOpenOption.WRITE};
    try {
      return directory.openFile(name, options);
    } catch (AccessDeniedException denied) {
      // A commit that a crash has ended may have given it the permissions of a read-only object.
      directory.setPermissions(name, PosixFilePermissions.fromString("rw-------"));
      return directory.openFile(name, options);
    }
  }

  /** Returns the uploads to a prefix and below. */
  List<UploadInfo> list(String prefix) throws StorageException {
    String start = prefix.equals("/") ? prefix : prefix + "/";
    List<UploadInfo> infos = new ArrayList<>();
    try {
      each(
          CONTENT,
          (directory, id) -> {
            String path = readPath(directory, id);
            Status status = directory.status(contentName(id));
            // It may have ended meanwhile.
            boolean isUpload = path != null && status != null;
            if (isUpload && (path.equals(prefix) || path.startsWith(start))) {
              infos.add(new UploadInfo(id, path, status.size(), status.modTime()));
            }
          });
    } catch (IOException failure) {
      throw SystemErrors.named(failure, prefix);
    }
    return infos;
  }

  private interface Visitor {
    void visit(Directory directory, String id) throws IOException;
  }

  /** Visits each half of an upload with a suffix. */
  private void each(String suffix, Visitor visitor) throws IOException {
    try (Directory directory = root.directory().open(DIRECTORY)) {
      directory.each(
          name -> {
            String text = name.toString();
            String id = text.substring(0, Math.max(0, text.length() - suffix.length()));
            if (text.endsWith(suffix) && ID.matcher(id).matches()) {
              visitor.visit(directory, id);
            }
            return true;
          });
    } catch (NoSuchFileException none) {
      // Nobody has uploaded anything.
    }
  }

  /** Removes the content first: without it there is no upload, whatever comes next. */
  static void remove(Directory directory, String id) {
    for (Path name : List.of(contentName(id), pathName(id))) {
      try {
        directory.remove(name);
      } catch (IOException left) {
        // It is gone, or is left to a sweep.
      }
    }
  }

  /**
   * Removes uploads that nobody has written to for so long, none if it is 0, and what is no upload.
   * What cannot be removed stays.
   */
  void sweep(Duration expiry) {
    try {
      each(CONTENT, (directory, id) -> sweepContent(directory, id, expiry));
      each(
          PATH,
          (directory, id) -> {
            if (directory.status(contentName(id)) == null
                && isOlder(directory.status(pathName(id)), HALF_MADE)) {
              remove(directory, id);
            }
          });
    } catch (IOException failure) {
      // The next sweep may get further.
    }
  }

  private void sweepContent(Directory directory, String id, Duration expiry) throws IOException {
    Duration age = readPath(directory, id) == null ? HALF_MADE : expiry;
    if (age.isZero() || !isOlder(directory.status(contentName(id)), age)) {
      return;
    }
    try (UploadLocks.Held held = locks.hold(id);
        FileChannel content = openContent(directory, id)) {
      // Looked at again: a writer may have come by, and gone with it.
      if (held.tryToLock(content) && isOlder(directory.status(contentName(id)), age)) {
        remove(directory, id);
      }
    }
  }

  private static boolean isOlder(Status status, Duration age) {
    return status != null && status.modTime().isBefore(Instant.now().minus(age));
  }
}
