package example.storagedriver.serving;

import example.storagedriver.wire.Limits;
import example.storagedriver.wire.Packing;
import example.storagedriver.wire.ProtocolException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/** The entries of a listing on their way into chunks, each of whole entries. */
final class ListingSender {
  // A listing is sent on when this much of it is there, or this long after its last part: large
  // enough that messages cost little, soon enough that a slow backend shows progress.
  private static final int BATCH_BYTES = 64 << 10;
  private static final long BATCH_NANOSECONDS = 500_000_000;

  private final RunningCall call;
  private final Outgoing outgoing;
  private final ByteArrayOutputStream batch = new ByteArrayOutputStream();
  private long sentAt = System.nanoTime();
  private long count;

  ListingSender(RunningCall call) {
    this.call = call;
    this.outgoing = new Outgoing(call, Map.of());
  }

  /** Adds one entry, and sends what is due. Fails if the call is to end. */
  void add(List<Object> entry) throws IOException {
    call.checkStopped();
    byte[] packed = packed(entry);
    long limit = Math.min(BATCH_BYTES, call.channel().sendable());
    if (batch.size() > 0 && batch.size() + packed.length > limit) {
      flush();
    }
    batch.write(packed, 0, packed.length);
    count++;
    if (System.nanoTime() - sentAt > BATCH_NANOSECONDS) {
      flush();
    }
  }

  private static byte[] packed(List<Object> entry) throws IOException {
    byte[] packed;
    try {
      packed = Packing.pack(entry);
    } catch (ProtocolException failure) {
      throw new IOException(failure.getMessage(), failure);
    }
    if (packed.length > Limits.MAX_ENTRY_BYTES) {
      throw new IOException("an entry of " + packed.length + " bytes is too long for a listing");
    }
    return packed;
  }

  private void flush() throws IOException {
    outgoing.room(batch.size());
    outgoing.send(ByteBuffer.wrap(batch.toByteArray()));
    batch.reset();
    sentAt = System.nanoTime();
  }

  /** Returns the answer, with what is left to send. */
  Answer finish() throws IOException {
    outgoing.room(batch.size());
    return new Answer(Map.of("count", count), ByteBuffer.wrap(batch.toByteArray()), () -> {});
  }
}
