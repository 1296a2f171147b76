package example.drivers.filesystem;

import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The chain of directories from the root to the one that a path stands in, opened and made on the
 * way to a write, pruned after a removal.
 *
 * <p>A directory exists only while something is in it, so two calls may meet: one has just made or
 * found a directory which the other, having emptied it, removes. The one who writes goes back and
 * makes it again; the one who removes leaves whatever is not empty.
 */
final class Parents implements AutoCloseable {
  // How often a write goes back. Each time something else has emptied a directory, or left an empty
  // one, at the very moment; so many times in a row is no coincidence.
  private static final int ATTEMPTS = 1000;

  private final Root root;
  private final String path;
  private final List<Path> names;
  private final Path leaf;
  // Those below the root that are open.
  private final List<Directory> opened = new ArrayList<>();
  // How many of the directories are older than this call.
  private int found;
  private boolean hasSucceeded;

  Parents(Root root, String path) throws StorageException {
    List<Path> all = Root.names(path);
    if (all.isEmpty()) {
      throw StorageException.ofPath(ErrorCode.INVALID_PATH, path);
    }
    this.root = root;
    this.path = path;
    this.names = all.subList(0, all.size() - 1);
    this.leaf = all.get(all.size() - 1);
    this.found = names.size();
  }

  String path() {
    return path;
  }

  Path leaf() {
    return leaf;
  }

  /** Returns the directory that the path stands in, once that was found or made. */
  Directory directory() {
    return at(opened.size());
  }

  /** The directory so many steps below the root. */
  private Directory at(int depth) {
    return depth == 0 ? root.directory() : opened.get(depth - 1);
  }

  /** Returns the status of what shows at the path, null if nothing does. */
  Status look() throws StorageException {
    try {
      return find() ? Visible.status(directory(), leaf, path) : null;
    } catch (IOException failure) {
      throw SystemErrors.named(failure, path);
    }
  }

  /** Puts something at the leaf of the path, in its directory. */
  interface Put {
    void run(Directory directory) throws IOException;
  }

  /**
   * Makes the chain, and puts something at the leaf. That is done again after a directory has
   * vanished, and after an empty one at the leaf was removed.
   */
  void place(Put put) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        make();
        put.run(directory());
        return;
      } catch (StorageException told) {
        throw told;
      } catch (NoSuchFileException vanished) {
        reset();
      } catch (IOException failure) {
        if (!SystemErrors.isDirectoryInTheWay(failure)) {
          throw failure;
        }
        removeLeftover();
      }
    }
    String message = "Other calls got in the way " + ATTEMPTS + " times: " + path;
    throw StorageException.internal(message).setTemporary(true);
  }

  /** Syncs the leaf's entry, and that of each directory which was made on the way to it. */
  void sync(Durability durability) throws IOException {
    for (int depth = Math.min(found, opened.size()); depth <= opened.size(); depth++) {
      durability.syncEntries(at(depth));
    }
  }

  /** Says that what was made is to stay. */
  void succeed() {
    hasSucceeded = true;
  }

  /**
   * Removes the directories of the chain that are empty, from the last one up. What cannot be
   * removed stays out of sight, as empty directories do.
   */
  void prune() {
    try {
      for (int depth = opened.size() - 1; depth >= 0; depth--) {
        at(depth).removeDirectory(names.get(depth));
      }
    } catch (IOException left) {
      // Something is in it; or it is gone, and whoever removed it goes on upwards.
    }
  }

  /** Opens what is there of the chain, and tells whether that is all of it. */
  private boolean find() throws IOException {
    while (opened.size() < names.size()) {
      try {
        opened.add(directory().open(names.get(opened.size())));
      } catch (NoSuchFileException missing) {
        return false;
      }
    }
    return true;
  }

  /** Opens the chain, and makes what is missing. */
  private void make() throws IOException {
    while (!find()) {
      int depth = opened.size();
      try {
        root.makeDirectory(directory(), names.get(depth));
        found = Math.min(found, depth);
      } catch (IOException failure) {
        // Another call may have made it, and put something into it.
        if (!SystemErrors.isDirectoryInTheWay(failure) && !SystemErrors.isNoDirectory(failure)) {
          throw failure;
        }
      }
    }
  }

  private void reset() {
    opened.forEach(Directory::close);
    opened.clear();
  }

  /** Removes the directory at the leaf, unless it shows. It may have gone meanwhile. */
  private void removeLeftover() throws IOException {
    if (Visible.holdsObject(directory(), leaf, 0)) {
      throw StorageException.ofPath(ErrorCode.IS_A_DIRECTORY, path);
    }
    try {
      Removal.removeEmptyDirectories(directory(), leaf);
    } catch (NoSuchFileException gone) {
      return;
    } catch (IOException failure) {
      if (SystemErrors.isNoDirectory(failure)) {
        return;
      }
      if (!SystemErrors.isDirectoryInTheWay(failure)) {
        throw failure;
      }
      // An object that has just come will be seen next time.
      if (!Visible.holdsObject(directory(), leaf, 0)) {
        throw StorageException.ofPath(ErrorCode.PERMISSION_DENIED, path)
            .because("a directory is in the way that holds no object, but something else");
      }
    }
  }

  /**
   * Closes the chain. After a failure nothing of a write stays, also not the directories that it
   * made.
   */
  @Override
  public void close() {
    if (!hasSucceeded && found < names.size()) {
      prune();
    }
    reset();
  }
}
