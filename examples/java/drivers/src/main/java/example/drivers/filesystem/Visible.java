package example.drivers.filesystem;

import example.storagedriver.FileInfo;
import example.storagedriver.StorageException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What shows of a directory tree: objects, and the directories that hold one, at whatever depth.
 * What a crash or another program left does not: empty directories, links, special files, and names
 * that no path has.
 */
final class Visible {
  /** A path is not longer than 1,024 bytes and a component takes two at least. */
  static final int MAX_DEPTH = 1024 / 2;

  private Visible() {}

  static FileInfo info(String path, Status status) {
    return status.isDirectory()
        ? FileInfo.directory(path)
        : FileInfo.object(path, status.size(), status.modTime());
  }

  /**
   * Returns the status of what shows by a name, null if nothing does. Fails with PermissionDenied
   * if a link or a special file has the name.
   */
  static Status status(Directory parent, Path name, String path) throws IOException {
    Status status = parent.status(name);
    if (status == null || status.isRegular()) {
      return status;
    }
    if (!status.isDirectory()) {
      throw SystemErrors.inTheWay(path);
    }
    return holdsObject(parent, name, 0) ? status : null;
  }

  /** Returns the same. Fails with PathNotFound if nothing shows. */
  static Status existing(Directory parent, Path name, String path) throws IOException {
    Status status = status(parent, name, path);
    if (status == null) {
      throw StorageException.notFound(path);
    }
    return status;
  }

  /** A file or directory that a path can lead to. */
  record Entry(Path name, Status status) {}

  /** Returns what is in a directory, in no order. A directory among it may hold no object. */
  static List<Entry> entries(Directory directory) throws IOException {
    List<Entry> entries = new ArrayList<>();
    directory.each(
        name -> {
          Status status = Root.isName(name) ? directory.status(name) : null;
          if (status != null && (status.isRegular() || status.isDirectory())) {
            entries.add(new Entry(name, status));
          }
          return true;
        });
    return entries;
  }

  /** Tells whether an object is in a directory at a depth, or below it. */
  private static boolean holdsObject(Directory directory, int depth) throws IOException {
    List<Path> below = new ArrayList<>();
    boolean[] holds = {false};
    directory.each(
        name -> {
          Status status = Root.isName(name) ? directory.status(name) : null;
          if (status != null && status.isDirectory()) {
            below.add(name);
          }
          holds[0] = status != null && status.isRegular();
          return !holds[0];
        });
    if (holds[0] || depth >= MAX_DEPTH) {
      return holds[0];
    }
    for (Path name : below) {
      if (holdsObject(directory, name, depth + 1)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Tells the same of a directory by its name, false if there is none. What cannot be looked into
   * may hold one.
   */
  static boolean holdsObject(Directory parent, Path name, int depth) throws IOException {
    try (Directory directory = parent.open(name)) {
      return holdsObject(directory, depth);
    } catch (NoSuchFileException vanished) {
      return false;
    } catch (AccessDeniedException closed) {
      return true;
    } catch (IOException failure) {
      if (SystemErrors.isNoDirectory(failure)) {
        return false;
      }
      throw failure;
    }
  }
}
