package example.storagedriver.serving;

import example.storagedriver.Buffers;
import example.storagedriver.Content;
import example.storagedriver.wire.Message;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The content of a write, as a driver is given it. It grants credit for what was read. Once it has
 * failed it fails again: nothing more comes.
 */
final class Incoming implements Content {
  private final RunningCall call;
  // What is left of whole, which goes back when all of it was read.
  private ByteBuffer left;
  private ByteBuffer whole;
  // What the driver has in its hands.
  private int given;
  private boolean hasEnded;

  Incoming(RunningCall call) {
    this.call = call;
  }

  @Override
  public ByteBuffer next(int limit) throws IOException {
    if (!more()) {
      return null;
    }
    given = Math.min(limit, left.remaining());
    ByteBuffer piece = left.slice(left.position(), given).asReadOnlyBuffer();
    left.position(left.position() + given);
    return piece;
  }

  /** Tells whether there is more, and takes back what was given. */
  boolean more() throws IOException {
    consume();
    if (left == null && !hasEnded) {
      whole = call.nextPiece();
      left = whole == null ? null : whole.duplicate();
      hasEnded = whole == null;
    }
    return !hasEnded;
  }

  private void consume() throws IOException {
    if (left != null && !left.hasRemaining()) {
      Buffers.release(whole);
      whole = null;
      left = null;
    }
    long grant = given == 0 ? 0 : call.channel().consume(given);
    given = 0;
    if (grant > 0) {
      call.send(new Message.Credit(call.id(), grant));
    }
  }
}
