package example.storagedriver;

import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * Memory for full chunks, also for drivers. Streams are made of them, and new memory for each costs
 * more than the rest of it. It is direct, which sockets and files take without another copy.
 */
public final class Buffers {
  /** The longest content of a message that this library agrees on. */
  public static final int CHUNK_BYTES = 1 << 20;

  // What more streams at once have used goes with the garbage.
  private static final int KEPT = 64;

  // Less than this is not worth a place among the kept.
  private static final int SMALL_BYTES = CHUNK_BYTES / 8;

  private static final ArrayBlockingQueue<ByteBuffer> FREE = new ArrayBlockingQueue<>(KEPT);

  private Buffers() {}

  /** Returns an empty buffer with room for a full chunk. It may be given to {@link #release}. */
  public static ByteBuffer chunk() {
    ByteBuffer free = FREE.poll();
    return free == null ? ByteBuffer.allocateDirect(CHUNK_BYTES) : free.clear();
  }

  /** Returns an empty buffer with a limit. It may be given to {@link #release}. */
  public static ByteBuffer of(int size) {
    return size < SMALL_BYTES ? ByteBuffer.allocate(size) : chunk().limit(size);
  }

  /**
   * Takes back what {@link #chunk} or {@link #of} gave. Nobody may use it any more, and nobody may
   * give it twice. Others, null too, are left alone.
   */
  public static void release(ByteBuffer buffer) {
    if (buffer != null && buffer.isDirect() && buffer.capacity() == CHUNK_BYTES) {
      FREE.offer(buffer);
    }
  }
}
