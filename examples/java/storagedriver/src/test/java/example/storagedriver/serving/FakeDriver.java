package example.storagedriver.serving;

import example.storagedriver.Content;
import example.storagedriver.FileInfo;
import example.storagedriver.ReadStream;
import example.storagedriver.StorageDriver;
import example.storagedriver.StorageException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A driver of one object, which tests may let misbehave. */
class FakeDriver implements StorageDriver, AutoCloseable {
  volatile byte[] content;
  volatile boolean isClosed;

  /** What stat waits for, null for nothing. */
  volatile CountDownLatch statWaits;

  /** How much of a content is not given although it is there. */
  volatile int missing;

  /** Whether the size is not told. */
  volatile boolean isSizeUnknown;

  /** The longest piece of a read. */
  volatile int pieceBytes = Integer.MAX_VALUE;

  /** Whether a write ends before its content. */
  volatile boolean stopsEarly;

  /** Counted down when a write has failed. */
  final CountDownLatch writeFailed = new CountDownLatch(1);

  @Override
  public ReadStream readStream(String path, long offset) throws StorageException {
    byte[] opened = content;
    if (opened == null) {
      throw StorageException.notFound(path);
    }
    ByteBuffer left = ByteBuffer.wrap(opened);
    left.position((int) Math.min(offset, opened.length)).limit(opened.length - missing);
    long size = isSizeUnknown ? -1 : opened.length;
    return new ReadStream() {
      @Override
      public long size() {
        return size;
      }

      @Override
      public byte[] version() {
        return new byte[] {'v'};
      }

      @Override
      public ByteBuffer next(int limit) {
        int most = Math.min(Math.min(limit, pieceBytes), left.remaining());
        if (most == 0) {
          return null;
        }
        ByteBuffer piece = left.slice(left.position(), most);
        left.position(left.position() + most);
        return piece;
      }
    };
  }

  @Override
  public void putContent(String path, Content given) throws IOException {
    content = all(given);
  }

  @Override
  public void writeStream(String path, long offset, Content given) throws IOException {
    if (stopsEarly) {
      return;
    }
    try {
      content = all(given);
    } catch (IOException failure) {
      writeFailed.countDown();
      throw failure;
    }
  }

  private static byte[] all(Content given) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (ByteBuffer piece = given.next(); piece != null; piece = given.next()) {
      byte[] copy = new byte[piece.remaining()];
      piece.get(copy);
      all.writeBytes(copy);
    }
    return all.toByteArray();
  }

  @Override
  public FileInfo stat(String path) {
    try {
      if (statWaits != null) {
        statWaits.await();
      }
    } catch (InterruptedException unexpected) {
      throw new IllegalStateException(unexpected);
    }
    return FileInfo.object(path, content == null ? 0 : content.length, Instant.EPOCH);
  }

  @Override
  public Collection<String> list(String path) {
    return List.of("b", "a", "c");
  }

  @Override
  public void move(String source, String destination) throws StorageException {
    throw StorageException.notFound(source);
  }

  @Override
  public void delete(String path) {
    throw new IllegalStateException("a bug");
  }

  @Override
  public void close() {
    isClosed = true;
  }
}
