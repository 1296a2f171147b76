package example.drivers.filesystem;

import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The root directory, open as long as the process runs, and the way from it to paths: component by
 * component, each opened in the directory before it. Links may lead to the root; only below it
 * nothing is followed.
 */
final class Root {
  // A name that a path can have by the most relaxed rule. All else, such as the names of staging
  // and of uploads, does not show.
  private static final String NAME_PATTERN = "(?!\\.\\.?(/|$))[A-Za-z0-9._-]+";
  private static final Pattern NAME = Pattern.compile(NAME_PATTERN);
  private static final Pattern PATH = Pattern.compile("(/" + NAME_PATTERN + ")+");

  private final Path path;
  private final Directory directory;

  private Root(Path path, Directory directory) {
    this.path = path;
    this.directory = directory;
  }

  /** Opens it, and makes it and what is missing above it. */
  static Root open(Path path, Durability durability) throws StorageException {
    try {
      make(path, durability);
      Path real = path.toRealPath();
      return new Root(real, Directory.at(real));
    } catch (IOException failure) {
      throw SystemErrors.named(failure, path.toString());
    }
  }

  private static void make(Path path, Durability durability) throws IOException {
    if (Files.isDirectory(path)) {
      return;
    }
    if (path.getParent() != null) {
      make(path.getParent(), durability);
    }
    try {
      Files.createDirectory(path);
    } catch (FileAlreadyExistsException meanwhile) {
      // By another process; what is no directory cannot be opened as one.
    }
    try (Directory parent = Directory.at(path.getParent())) {
      durability.syncEntries(parent);
    }
  }

  Directory directory() {
    return directory;
  }

  static boolean isName(Path name) {
    return NAME.matcher(name.toString()).matches();
  }

  static boolean isPath(String path) {
    return path.equals("/") || PATH.matcher(path).matches();
  }

  /**
   * Returns the names that a path consists of, none for "/". Every caller has checked the path, but
   * a ".." that got past them all would lead to what is another's.
   */
  static List<Path> names(String path) throws StorageException {
    if (!isPath(path)) {
      throw StorageException.ofPath(ErrorCode.INVALID_PATH, path);
    }
    List<Path> names = new ArrayList<>();
    Path.of(path).forEach(names::add);
    return names;
  }

  /** Does something with the directory that a path stands in, and the last name of the path. */
  interface Step<T> {
    T run(Directory parent, Path leaf) throws IOException;
  }

  /** Opens the directories above a path, which is not "/", for one step. */
  <T> T above(String path, Step<T> step) throws StorageException {
    List<Path> names = names(path);
    if (names.isEmpty()) {
      throw StorageException.ofPath(ErrorCode.INVALID_PATH, path);
    }
    try {
      return step(directory, names, step);
    } catch (IOException failure) {
      throw SystemErrors.named(failure, path);
    }
  }

  private static <T> T step(Directory parent, List<Path> names, Step<T> step) throws IOException {
    if (names.size() == 1) {
      return step.run(parent, names.get(0));
    }
    try (Directory below = parent.open(names.get(0))) {
      return step(below, names.subList(1, names.size()), step);
    }
  }

  /** Does something with a directory, whether or not an object is in it. */
  interface Use<T> {
    T run(Directory directory) throws IOException;
  }

  /** Opens a directory for a use. */
  <T> T in(String path, Use<T> use) throws StorageException {
    if (!path.equals("/")) {
      return above(
          path,
          (parent, leaf) -> {
            try (Directory opened = parent.open(leaf)) {
              return use.run(opened);
            }
          });
    }
    try {
      return use.run(directory);
    } catch (IOException failure) {
      throw SystemErrors.named(failure, path);
    }
  }

  /**
   * Returns what the system knows of a file beyond its {@link Status}. By its whole path, as Java
   * does not tell it of a name in a directory: the caller is to see whether it is the same file.
   */
  Map<String, Object> details(String path) throws IOException {
    return Files.readAttributes(
        this.path.resolve(path.substring(1)),
        "unix:fileKey,dev,ino,lastModifiedTime,ctime,size",
        LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Opens a directory of the root that no path leads to, and makes it if it is missing. For the
   * caller to close.
   */
  Directory openHidden(Path name, Durability durability) throws IOException {
    try {
      return directory.open(name);
    } catch (NoSuchFileException missing) {
      try {
        Files.createDirectory(path.resolve(name));
        durability.syncEntries(directory);
      } catch (FileAlreadyExistsException meanwhile) {
        // By another call.
      }
      return directory.open(name);
    }
  }

  /**
   * Makes a directory in another one. Java makes directories by whole paths only, on which a link
   * may have come to stand; so it is made out of sight, and renamed to its place. One that is there
   * and empty is replaced, which whoever uses it notices as if it had been removed.
   */
  void makeDirectory(Directory parent, Path name) throws IOException {
    Path made = Staging.randomName();
    try (Directory staging = openHidden(Staging.DIRECTORY, Durability.NONE)) {
      Files.createDirectory(path.resolve(Staging.DIRECTORY).resolve(made));
      try {
        staging.rename(made, parent, name);
      } catch (IOException failure) {
        staging.removeDirectory(made);
        throw failure;
      }
    }
  }
}
