package example.drivers.filesystem;

import example.storagedriver.Content;
import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/**
 * Writes an object in place, at an offset. Readers see it grow, and what was stored stays when the
 * write fails: so a write of any size needs no second copy, and can be continued.
 */
final class Writing implements AutoCloseable {
  private final Parents parents;
  private final long offset;
  private FileChannel file;
  private Instant oldTime;

  private Writing(Parents parents, long offset) {
    this.parents = parents;
    this.offset = offset;
  }

  /** Stores all of a content, which ends the object behind it. */
  static void write(Root root, String path, long offset, Content content, Durability durability)
      throws IOException {
    // Before anything is read for it. It changes and makes nothing.
    try (Parents parents = new Parents(root, path)) {
      check(parents.look(), path, offset);
    }
    try (Parents parents = new Parents(root, path);
        Writing writing = new Writing(parents, offset)) {
      // Nothing is cut or made before the content has shown that it can be read.
      ByteBuffer piece = content.next();
      writing.begin();
      for (; piece != null; piece = content.next()) {
        while (piece.hasRemaining()) {
          writing.file.write(piece);
        }
      }
      writing.finish(durability);
      parents.succeed();
    }
  }

  private static void check(Status status, String path, long offset) throws StorageException {
    if (status != null && status.isDirectory()) {
      throw StorageException.ofPath(ErrorCode.IS_A_DIRECTORY, path);
    }
    if (offset > (status == null ? 0 : status.size())) {
      throw StorageException.invalidOffset(path, offset);
    }
  }

  private void begin() throws IOException {
    if (offset == 0) {
      parents.place(
          directory ->
              file =
                  directory.openFile(
                      parents.leaf(), StandardOpenOption.WRITE, StandardOpenOption.CREATE));
    } else {
      check(parents.look(), parents.path(), offset);
      file = parents.directory().openFile(parents.leaf(), StandardOpenOption.WRITE);
    }
    Status status = parents.directory().status(parents.leaf());
    oldTime = status == null ? Instant.MIN : status.modTime();
    long size = file.size();
    if (offset > size) { // as things may have changed
      throw StorageException.invalidOffset(parents.path(), offset);
    }
    if (size > offset) {
      file.truncate(offset);
    }
    file.position(offset);
  }

  private void finish(Durability durability) throws IOException {
    Status status = parents.directory().status(parents.leaf());
    if (status != null && status.modTime().isBefore(oldTime)) {
      parents.directory().setModTime(parents.leaf(), oldTime);
    }
    durability.syncContent(file);
    // Some file systems report a failed write only now.
    file.close();
    if (offset == 0) {
      parents.sync(durability); // the object may be new
    }
  }

  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }
}
