package example.storagedriver;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Content in pieces, read once from its beginning to its end. */
@FunctionalInterface
public interface Content {
  /**
   * Returns the next piece: at least one byte, at most {@code limit}, and null at the end. It is
   * good until the next call, and not to be changed. Waits for it.
   */
  ByteBuffer next(int limit) throws IOException;

  /** Returns the next piece, of any length. */
  default ByteBuffer next() throws IOException {
    return next(Integer.MAX_VALUE);
  }
}
