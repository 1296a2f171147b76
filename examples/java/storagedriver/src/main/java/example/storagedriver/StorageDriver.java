package example.storagedriver;

import java.io.IOException;
import java.util.Collection;

/**
 * What a storage driver implements. The contract of the project says what each operation does, and
 * which error is due.
 *
 * <p>Any method may be called from several threads at once. Paths have been checked, and offsets
 * are not negative; what depends on stored state is for the driver to check. Errors with a meaning
 * are {@link StorageException}; any other reaches the caller as Internal, and so does what is
 * unchecked.
 *
 * <p>More than this a driver does by implementing {@link Walker}, {@link Uploader} or {@link
 * UrlMaker}. One that is {@link AutoCloseable} is closed when the host ends it in order.
 */
public interface StorageDriver {
  /**
   * Opens an object, from an offset on. An offset beyond the end is an empty stream. It serves
   * reads of whole objects too.
   */
  ReadStream readStream(String path, long offset) throws IOException;

  /**
   * Replaces the whole content by all of {@code content}, atomically. Nothing may show of it before
   * its end was read: it fails there if the host has cancelled.
   */
  void putContent(String path, Content content) throws IOException;

  /**
   * Stores all of {@code content} at an offset, which ends the object behind it. What {@code
   * content} fails with goes on as it is.
   */
  void writeStream(String path, long offset, Content content) throws IOException;

  /** Tells of an object or a directory. */
  FileInfo stat(String path) throws IOException;

  /** Returns the names of what stands directly in a directory, in any order. */
  Collection<String> list(String path) throws IOException;

  /** Renames an object, or a directory with {@link Feature#MOVE_DIRECTORIES}. */
  void move(String source, String destination) throws IOException;

  /** Removes an object, or a directory with all below it. */
  void delete(String path) throws IOException;
}
