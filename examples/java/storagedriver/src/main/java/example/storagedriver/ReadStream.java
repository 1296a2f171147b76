package example.storagedriver;

import java.io.IOException;
import java.nio.ByteBuffer;

/** An object that is being read. It is used by one thread, and closed by whoever has it. */
public interface ReadStream extends Content, AutoCloseable {
  /** Returns the size of the whole object when it was opened, -1 if the backend cannot say. */
  long size();

  /**
   * Returns what names the content, in at most 64 bytes: equal ones mean equal content. Empty if
   * the backend has none.
   */
  byte[] version();

  /** Returns the next piece of the content from the offset on. */
  @Override
  ByteBuffer next(int limit) throws IOException;

  /** Lets go of it. Nothing is lost by what it could tell. */
  @Override
  default void close() {}
}
