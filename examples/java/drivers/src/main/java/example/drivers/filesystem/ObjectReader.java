package example.drivers.filesystem;

import example.storagedriver.Buffers;
import example.storagedriver.ErrorCode;
import example.storagedriver.ReadStream;
import example.storagedriver.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Reads an open file to the size that it had when opened. One that is written in place meanwhile
 * may show what is new, but if it was cut this fails and does not end early.
 */
final class ObjectReader implements ReadStream {
  // How often a file may change while it is opened.
  private static final int ATTEMPTS = 1000;

  private final FileChannel file;
  private final String path;
  private final byte[] version;
  private final long end;
  private long position;
  private ByteBuffer buffer;

  private ObjectReader(FileChannel file, String path, Map<String, Object> details, long offset) {
    this.file = file;
    this.path = path;
    this.version = version(details);
    this.end = (Long) details.get("size");
    this.position = offset;
  }

  /** Opens an object. */
  static ObjectReader open(Root root, String path, long offset) throws StorageException {
    return root.above(
        path,
        (parent, leaf) -> {
          for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            ObjectReader opened = tryToOpen(root, parent, leaf, path, offset);
            if (opened != null) {
              return opened;
            }
          }
          throw StorageException.ofPath(ErrorCode.CONTENT_CHANGED, path)
              .because("it is written to all the time");
        });
  }

  /**
   * Opens the file that has the name now. Java tells nothing of an open file but its size: what was
   * opened is known by its name only if that has had the same file before and after. Null if not.
   */
  private static ObjectReader tryToOpen(
      Root root, Directory parent, Path leaf, String path, long offset) throws IOException {
    Status status = Visible.existing(parent, leaf, path);
    if (status.isDirectory()) {
      throw StorageException.ofPath(ErrorCode.IS_A_DIRECTORY, path);
    }
    Map<String, Object> before;
    FileChannel file = null;
    try {
      before = root.details(path);
      file = parent.openFile(leaf, StandardOpenOption.READ);
      boolean isSame = status.attributes().fileKey().equals(before.get("fileKey"));
      if (isSame && before.equals(root.details(path))) {
        return new ObjectReader(file, path, before, offset);
      }
    } catch (NoSuchFileException replaced) {
      // Looked for once more.
    }
    if (file != null) {
      file.close();
    }
    return null;
  }

  /**
   * Names the content. The time of the last change of the inode is among it, because that of the
   * content is ours to set, and is set so that it never goes back.
   */
  private static byte[] version(Map<String, Object> details) {
    return ByteBuffer.allocate(5 * Long.BYTES)
        .putLong((Long) details.get("dev"))
        .putLong((Long) details.get("ino"))
        .putLong(((FileTime) details.get("lastModifiedTime")).to(TimeUnit.NANOSECONDS))
        .putLong(((FileTime) details.get("ctime")).to(TimeUnit.NANOSECONDS))
        .putLong((Long) details.get("size"))
        .array();
  }

  @Override
  public long size() {
    return end;
  }

  @Override
  public byte[] version() {
    return version;
  }

  @Override
  public ByteBuffer next(int limit) throws IOException {
    if (position >= end) {
      return null;
    }
    if (buffer == null) {
      buffer = Buffers.of((int) Math.min(end - position, Buffers.CHUNK_BYTES));
    }
    int most = (int) Math.min(buffer.capacity(), end - position);
    buffer.clear().limit(Math.min(limit, most));
    int size;
    try {
      size = file.read(buffer, position);
    } catch (IOException failure) {
      throw SystemErrors.named(failure, path);
    }
    if (size < 0) {
      throw StorageException.ofPath(ErrorCode.CONTENT_CHANGED, path)
          .because("it ended at " + position + " of " + end + " bytes");
    }
    position += size;
    return buffer.flip();
  }

  @Override
  public void close() {
    Buffers.release(buffer);
    buffer = null;
    try {
      file.close();
    } catch (IOException failure) {
      // Nothing was written by it.
    }
  }
}
