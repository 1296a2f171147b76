package example.drivers.inmemory;

import example.storagedriver.ErrorCode;
import example.storagedriver.FileInfo;
import example.storagedriver.StorageException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The namespace. A directory is there while something is in it. It has no lock. */
final class Tree {
  private final Directory root = new Directory(new HashMap<>());

  /** What stands at a path. */
  sealed interface Node {}

  /** An object as it was written; a write puts another in its place. */
  record StoredObject(Segments content, long size, Instant modTime, byte[] version)
      implements Node {
    FileInfo info(String path) {
      return FileInfo.object(path, size, modTime);
    }

    StoredObject withTime(Instant time) {
      return new StoredObject(content, size, time, version);
    }
  }

  /** A directory. */
  record Directory(Map<String, Node> entries) implements Node {}

  /** Fails with PathNotFound, or NotADirectory below an object. */
  Node find(String path) throws StorageException {
    Node found = root;
    for (String name : names(path)) {
      if (!(found instanceof Directory directory)) {
        throw StorageException.ofPath(ErrorCode.NOT_A_DIRECTORY, path);
      }
      found = directory.entries.get(name);
      if (found == null) {
        throw StorageException.notFound(path);
      }
    }
    return found;
  }

  /** Fails with IsADirectory too. */
  StoredObject findObject(String path) throws StorageException {
    if (find(path) instanceof StoredObject object) {
      return object;
    }
    throw StorageException.ofPath(ErrorCode.IS_A_DIRECTORY, path);
  }

  /**
   * Returns the object that one put at a path would replace, null if nothing is there. Fails if
   * none can be put there; after this, {@link #place} succeeds.
   */
  StoredObject findReplaceable(String path) throws StorageException {
    try {
      return findObject(path);
    } catch (StorageException failure) {
      if (failure.isNotFound()) {
        return null;
      }
      throw failure;
    }
  }

  /** Puts a node at a path where {@link #findReplaceable} has allowed one. */
  void place(String path, Node node) {
    List<String> names = names(path);
    Directory directory = root;
    for (String name : names.subList(0, names.size() - 1)) {
      directory =
          (Directory) directory.entries.computeIfAbsent(name, n -> new Directory(new HashMap<>()));
    }
    directory.entries.put(names.get(names.size() - 1), node);
  }

  /** Removes what stands at a path, and the directories that are empty without it. */
  void remove(String path) {
    remove(root, names(path));
  }

  private static void remove(Directory directory, List<String> names) {
    String name = names.get(0);
    if (names.size() > 1) {
      Directory below = (Directory) directory.entries.get(name);
      remove(below, names.subList(1, names.size()));
      if (!below.entries.isEmpty()) {
        return;
      }
    }
    directory.entries.remove(name);
  }

  private static List<String> names(String path) {
    return path.equals("/") ? List.of() : List.of(path.substring(1).split("/"));
  }
}
