package example.drivers.inmemory;

import example.storagedriver.ReadStream;
import java.nio.ByteBuffer;
import java.util.Iterator;

/** Reads an object as it was when it was opened. */
final class ObjectReader implements ReadStream {
  private final Tree.StoredObject object;
  private final Iterator<ByteBuffer> runs;
  private ByteBuffer left = ByteBuffer.allocate(0);
  private long skip;

  ObjectReader(Tree.StoredObject object, long offset) {
    this.object = object;
    this.runs = object.content().runs().iterator();
    this.skip = offset;
  }

  @Override
  public long size() {
    return object.size();
  }

  @Override
  public byte[] version() {
    return object.version();
  }

  @Override
  public ByteBuffer next(int limit) {
    while (!left.hasRemaining() && runs.hasNext()) {
      left = runs.next().asReadOnlyBuffer();
      int skipped = (int) Math.min(skip, left.remaining());
      left.position(left.position() + skipped);
      skip -= skipped;
    }
    if (!left.hasRemaining()) {
      return null;
    }
    int size = Math.min(limit, left.remaining());
    ByteBuffer piece = left.slice(left.position(), size);
    left.position(left.position() + size);
    return piece;
  }
}
