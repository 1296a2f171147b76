package example.storagedriver.zmtp;

import example.storagedriver.Buffers;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.Future;

/**
 * A connection. One thread may send and another one receive at the same time. Neither may be
 * interrupted: that would close the channel.
 */
public final class Connection implements AutoCloseable {
  static final int MORE = 1;
  static final int LONG = 2;
  static final int COMMAND = 4;

  private static final int MAX_LENGTH_BYTES = 9;

  // Headers are read in one call, and small content with them.
  private static final int READ_BYTES = 32 << 10;

  private final SocketChannel channel;
  private final ByteBuffer read = ByteBuffer.allocateDirect(READ_BYTES).flip();

  private Connection(SocketChannel channel) {
    this.channel = channel;
  }

  /** The frames of a message; content is null if there is no second one. */
  public record Frames(byte[] header, ByteBuffer content) {}

  /** Connects to an endpoint and greets, in so much time. */
  public static Connection connect(String endpoint, Duration patience) throws IOException {
    return open(Endpoint.connect(endpoint), patience);
  }

  /** Greets over a channel that either end has opened, in so much time. It owns the channel. */
  public static Connection open(SocketChannel channel, Duration patience) throws IOException {
    Connection connection = new Connection(channel);
    Future<?> deadline = Deadline.of(connection, patience);
    try {
      connection.write(Greeting.ours());
      Greeting.check(connection.exactly(Greeting.BYTES));
      Frame ready = connection.frame();
      if ((ready.flags & COMMAND) == 0) {
        throw new IOException("the peer has not said what it is");
      }
      Greeting.checkReady(ready.heap());
      return connection;
    } catch (IOException failure) {
      connection.close();
      throw new IOException("handshake: " + failure.getMessage(), failure);
    } finally {
      deadline.cancel(false);
    }
  }

  /** Sends a message of one frame, or two if there is content. After an error it is of no use. */
  public void send(byte[] header, ByteBuffer content) throws IOException {
    boolean hasContent = content != null && content.hasRemaining();
    ByteBuffer first = ByteBuffer.allocate(header.length + 2 * MAX_LENGTH_BYTES);
    putLength(first, hasContent ? MORE : 0, header.length);
    first.put(header);
    if (!hasContent) {
      write(first.flip());
      return;
    }
    putLength(first, 0, content.remaining());
    write(first.flip(), content.duplicate());
  }

  private static void putLength(ByteBuffer target, int flags, int size) {
    if (size <= 255) {
      target.put((byte) flags).put((byte) size);
    } else {
      target.put((byte) (flags | LONG)).putLong(size);
    }
  }

  private void write(ByteBuffer... buffers) throws IOException {
    ByteBuffer last = buffers[buffers.length - 1];
    while (last.hasRemaining()) {
      channel.write(buffers);
    }
  }

  /**
   * Returns the next message. Its content is for {@link Buffers#release}.
   *
   * <p>Fails with a {@link BreachException} for what the peer should not have sent, and otherwise
   * when the peer is gone.
   */
  public Frames receive() throws IOException {
    Frame first = frame();
    while ((first.flags & COMMAND) != 0) {
      // Heartbeats came with ZMTP 3.1, and there is no other command in NULL after the greeting.
      first = frame();
    }
    if ((first.flags & MORE) == 0) {
      return new Frames(first.heap(), null);
    }
    Frame second = frame();
    if ((second.flags & ~LONG) != 0) {
      throw new BreachException("a message of more than two frames is not allowed");
    }
    return new Frames(first.heap(), second.body);
  }

  private record Frame(int flags, ByteBuffer body) {
    /** The body as an array. Longer ones than a header can be are for the decoder to refuse. */
    byte[] heap() {
      byte[] copied = new byte[body.remaining()];
      body.get(copied);
      Buffers.release(body);
      return copied;
    }
  }

  private Frame frame() throws IOException {
    need(1);
    int flags = read.get();
    boolean isCommand = (flags & COMMAND) != 0;
    if ((flags & ~(MORE | LONG | COMMAND)) != 0 || isCommand && (flags & MORE) != 0) {
      throw new BreachException("a frame with the flags " + flags + " is not allowed");
    }
    long size = length(flags);
    if (size < 0 || size > Buffers.CHUNK_BYTES) {
      String shown = Long.toUnsignedString(size);
      throw new BreachException("a frame of " + shown + " bytes is not allowed");
    }
    return new Frame(flags, exactly((int) size));
  }

  private long length(int flags) throws IOException {
    if ((flags & LONG) == 0) {
      need(1);
      return Byte.toUnsignedLong(read.get());
    }
    need(Long.BYTES);
    return read.getLong();
  }

  /** Returns so many bytes: what was read ahead, and what comes straight from the channel. */
  private ByteBuffer exactly(int size) throws IOException {
    ByteBuffer body = Buffers.of(size);
    if (size <= READ_BYTES) {
      need(size);
    }
    int ahead = Math.min(size, read.remaining());
    body.put(read.duplicate().limit(read.position() + ahead));
    read.position(read.position() + ahead);
    while (body.hasRemaining()) {
      fill(body);
    }
    return body.flip();
  }

  private void need(int size) throws IOException {
    if (read.remaining() >= size) {
      return;
    }
    read.compact();
    try {
      while (read.position() < size) {
        fill(read);
      }
    } finally {
      read.flip();
    }
  }

  private void fill(ByteBuffer target) throws IOException {
    if (channel.read(target) < 0) {
      throw new EOFException("the peer has closed the connection");
    }
  }

  /** Closes the connection when so much time has passed, also if somebody still sends then. */
  public void closeAfter(Duration patience) {
    Deadline.of(this, patience);
  }

  /**
   * Says that nothing more will be sent, and waits until the peer closes or this is closed: closed
   * at once, TCP may take back what the peer has not read.
   */
  public void hangUp() {
    // Another thread may be about to receive into the one of this connection.
    ByteBuffer ignored = ByteBuffer.allocate(READ_BYTES);
    try {
      channel.shutdownOutput();
      while (channel.read(ignored.clear()) >= 0) {
        // What still comes is for nobody.
      }
    } catch (IOException gone) {
      // As good as read to the end.
    }
    close();
  }

  /** Ends the connection, and with it a send or receive that waits. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException failure) {
      // It is of no use any more either way.
    }
  }
}
