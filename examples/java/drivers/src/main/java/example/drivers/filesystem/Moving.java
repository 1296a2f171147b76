package example.drivers.filesystem;

import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.NoSuchFileException;

/** One move, by one rename. */
final class Moving {
  private final Parents source;
  private final Parents destination;

  private Moving(Parents source, Parents destination) {
    this.source = source;
    this.destination = destination;
  }

  static void move(Root root, String from, String to, Durability durability) throws IOException {
    try (Parents source = new Parents(root, from);
        Parents destination = new Parents(root, to)) {
      new Moving(source, destination).run(durability);
    }
  }

  private void run(Durability durability) throws IOException {
    Status moved = source.look();
    if (moved == null) {
      throw StorageException.notFound(source.path());
    }
    if (source.path().equals(destination.path())) {
      return;
    }
    Status replaced = check(moved);
    if (replaced != null) {
      keepTime(moved, replaced);
    }
    destination.place(this::rename);
    destination.succeed();
    if (replaced != null && moved.isSame(replaced)) {
      // Two names of one file, which only another program makes: the rename did nothing.
      source.directory().remove(source.leaf());
    }
    try {
      destination.sync(durability);
      source.sync(durability);
    } catch (IOException failure) {
      throw SystemErrors.notSynced("Move", destination.path(), failure);
    }
    source.prune();
  }

  /** Returns what will be replaced, null if nothing will. */
  private Status check(Status moved) throws IOException {
    String to = destination.path();
    if (moved.isDirectory() && to.startsWith(source.path() + "/")) {
      throw StorageException.ofPath(ErrorCode.INVALID_PATH, to)
          .because("lies inside " + source.path() + ", which is to move");
    }
    Status replaced = destination.look();
    if (replaced != null && replaced.isDirectory()) {
      throw StorageException.ofPath(ErrorCode.IS_A_DIRECTORY, to);
    }
    if (replaced != null && moved.isDirectory()) {
      throw StorageException.ofPath(ErrorCode.NOT_A_DIRECTORY, to);
    }
    return replaced;
  }

  /**
   * Lets the time at the destination not go back. Before the rename, or a crash would leave it in
   * the past; a source that is younger for a moment harms nobody.
   */
  private void keepTime(Status moved, Status replaced) {
    if (moved.modTime().isBefore(replaced.modTime())) {
      try {
        source.directory().setModTime(source.leaf(), replaced.modTime());
      } catch (IOException failure) {
        // Another user's file can be moved, but its time not set.
      }
    }
  }

  private void rename(Directory directory) throws IOException {
    try {
      source.directory().rename(source.leaf(), directory, destination.leaf());
    } catch (NoSuchFileException vanished) {
      if (source.look() == null) {
        throw StorageException.notFound(source.path());
      }
      throw vanished;
    } catch (AtomicMoveNotSupportedException across) {
      throw StorageException.unsupported("Move").because("to another file system", across);
    }
  }
}
