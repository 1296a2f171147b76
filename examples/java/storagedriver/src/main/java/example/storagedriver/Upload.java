package example.storagedriver;

import java.io.IOException;
import java.nio.ByteBuffer;

/** An upload that is open. It is called by one thread at a time. */
public interface Upload {
  /** Returns what opens it again, also in another process. */
  String id();

  /** Returns what is stored, as far as this knows, and so where the next write goes on. */
  long size();

  /**
   * Appends all of {@code content}. Fails with InvalidOffset, with the size as {@code stored}, if
   * somebody else has written meanwhile.
   */
  void write(ByteBuffer content) throws IOException;

  /**
   * Publishes atomically, if the size is that and the digest too.
   *
   * @param digest null if it is not to be checked
   */
  void commit(long size, Digest digest) throws IOException;

  /** Drops the upload and its bytes. */
  void cancel() throws IOException;

  /** Lets go of it, and keeps it. */
  void close() throws IOException;
}
