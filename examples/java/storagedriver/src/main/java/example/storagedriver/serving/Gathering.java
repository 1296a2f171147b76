package example.storagedriver.serving;

import example.storagedriver.Buffers;
import example.storagedriver.Content;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Content whose pieces are long enough for the wire: small ones are copied into one. */
final class Gathering {
  private final Content content;
  private ByteBuffer gathered;
  private boolean hasEnded;

  Gathering(Content content) {
    this.content = content;
  }

  /** Tells whether the last piece was the last one. It need not be known then. */
  boolean hasEnded() {
    return hasEnded;
  }

  /** Returns the next piece, good until the next call, or null at the end. */
  ByteBuffer next(int limit) throws IOException {
    ByteBuffer piece = content.next(limit);
    if (piece == null || piece.remaining() >= Outgoing.least(limit)) {
      return piece;
    }
    if (gathered == null) {
      gathered = Buffers.chunk();
    }
    gathered.clear().limit(limit);
    while (piece != null) {
      gathered.put(piece);
      if (gathered.position() >= Outgoing.least(limit)) {
        return gathered.flip();
      }
      piece = content.next(gathered.remaining());
    }
    hasEnded = true;
    return gathered.flip();
  }

  /** Gives the memory back: the last piece has been sent. */
  void release() {
    Buffers.release(gathered);
    gathered = null;
  }
}
