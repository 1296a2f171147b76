package example.drivers.inmemory;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A content: runs of bytes that nobody changes, none of them empty, so that readers keep what they
 * have opened.
 */
record Segments(List<ByteBuffer> runs) {
  static final Segments NONE = new Segments(List.of());

  // Neighbours smaller than this become one, so that many small appends cost little memory.
  private static final int JOIN_BELOW = 64 << 10;

  long size() {
    return runs.stream().mapToLong(ByteBuffer::remaining).sum();
  }

  /** Returns the first {@code size} bytes of a content, which has at least as many. */
  Segments cut(long size) {
    List<ByteBuffer> kept = new ArrayList<>(runs);
    long surplus = size() - size;
    // From the end, since nearly every write is an append.
    while (surplus > 0) {
      ByteBuffer last = kept.remove(kept.size() - 1);
      if (surplus < last.remaining()) {
        kept.add(last.slice(0, (int) (last.remaining() - surplus)));
      }
      surplus -= last.remaining();
    }
    return new Segments(kept);
  }

  /** Returns a content with more at its end. Runs that need not change are shared. */
  Segments appended(Segments more) {
    List<ByteBuffer> joined = new ArrayList<>(runs);
    for (ByteBuffer run : more.runs) {
      ByteBuffer last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
      if (last != null && last.remaining() < JOIN_BELOW) {
        joined.set(joined.size() - 1, join(last, run));
      } else {
        joined.add(run);
      }
    }
    return new Segments(joined);
  }

  private static ByteBuffer join(ByteBuffer one, ByteBuffer other) {
    ByteBuffer joined = ByteBuffer.allocate(one.remaining() + other.remaining());
    return joined.put(one.duplicate()).put(other.duplicate()).flip();
  }

  /** Returns a copy of a piece. */
  static Segments copyOf(ByteBuffer piece) {
    if (!piece.hasRemaining()) {
      return NONE;
    }
    ByteBuffer copy = ByteBuffer.allocate(piece.remaining());
    return new Segments(List.of(copy.put(piece).flip()));
  }

  /** Collects a content as it comes. */
  static final class Collector {
    private final List<ByteBuffer> runs = new ArrayList<>();
    private final ByteArrayOutputStream small = new ByteArrayOutputStream();

    void add(ByteBuffer piece) {
      if (piece.remaining() >= JOIN_BELOW) {
        endSmall();
        runs.addAll(copyOf(piece).runs);
        return;
      }
      byte[] copy = new byte[piece.remaining()];
      piece.get(copy);
      small.writeBytes(copy);
      if (small.size() >= JOIN_BELOW) {
        endSmall();
      }
    }

    private void endSmall() {
      if (small.size() > 0) {
        runs.add(ByteBuffer.wrap(small.toByteArray()));
        small.reset();
      }
    }

    Segments collected() {
      endSmall();
      return new Segments(runs);
    }
  }
}
