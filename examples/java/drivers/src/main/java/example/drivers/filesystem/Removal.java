package example.drivers.filesystem;

import example.storagedriver.StorageException.Failure;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Removes whole directories. */
final class Removal {
  private Removal() {}

  /**
   * Removes a directory and all that is in it, also what does not show, and returns what is left.
   * It goes on after a failure; what others put there meanwhile may stay, and is none. It fails if
   * the directory cannot be opened: then nothing has been removed.
   */
  static List<Failure> removeTree(Directory parent, Path name, String path) throws IOException {
    List<Failure> failed = new ArrayList<>();
    try (Directory directory = parent.open(name)) {
      for (Path inner : names(directory)) {
        String innerPath = path + "/" + inner;
        try {
          failed.addAll(removeEntry(directory, inner, innerPath));
        } catch (NoSuchFileException gone) {
          // By another call.
        } catch (IOException failure) {
          failed.add(new Failure(innerPath, SystemErrors.named(failure, innerPath).code()));
        }
      }
    }
    if (failed.isEmpty()) {
      try {
        parent.removeDirectory(name);
      } catch (IOException left) {
        // It is empty at least of all that was found, and does not show.
      }
    }
    return failed;
  }

  private static List<Failure> removeEntry(Directory directory, Path name, String path)
      throws IOException {
    Status status = directory.status(name);
    if (status != null && status.isDirectory()) {
      return removeTree(directory, name, path);
    }
    directory.remove(name);
    return List.of();
  }

  private static List<Path> names(Directory directory) throws IOException {
    List<Path> names = new ArrayList<>();
    directory.each(names::add);
    return names;
  }

  /**
   * Removes a directory in which, at any depth, there is nothing but directories. What is not empty
   * is still there when it fails.
   */
  static void removeEmptyDirectories(Directory parent, Path name) throws IOException {
    try (Directory directory = parent.open(name)) {
      for (Path inner : names(directory)) {
        Status status = directory.status(inner);
        if (status != null && status.isDirectory()) {
          removeEmptyDirectories(directory, inner);
        }
      }
    }
    parent.removeDirectory(name);
  }
}
