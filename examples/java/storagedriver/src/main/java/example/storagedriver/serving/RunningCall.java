package example.storagedriver.serving;

import example.storagedriver.StorageException;
import example.storagedriver.wire.Message;
import example.storagedriver.wire.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Map;

/**
 * One REQUEST that is being answered. It is fed by the thread that receives; everything else
 * happens in the one that answers.
 */
final class RunningCall {
  // Up to where pieces become one, so that a host that sends single bytes costs no more memory than
  // its credit.
  private static final int JOINED_BYTES = 4 << 10;

  private final Message.Request request;
  private final Channel channel;
  private final long began = System.nanoTime();

  // Guarded by this, as all that follows.
  private final ArrayDeque<ByteBuffer> pieces = new ArrayDeque<>();
  private boolean isComplete;
  private boolean hasNews;
  private IOException stopped;

  RunningCall(Channel channel, Message.Request request) {
    this.channel = channel;
    this.request = request;
    if (request.content() != null) {
      pieces.add(request.content());
    }
    isComplete = Boolean.TRUE.equals(request.params().get("end"));
  }

  Channel channel() {
    return channel;
  }

  long id() {
    return request.id();
  }

  String method() {
    return request.method();
  }

  long busyMillis() {
    return (System.nanoTime() - began) / 1_000_000;
  }

  /** Acts on a message to the call. It is for the thread that receives, and never waits. */
  synchronized void take(Message message) {
    if (message instanceof Message.Cancel) {
      stopped = stopped == null ? StorageException.cancelled() : stopped;
    } else if (message instanceof Message.Chunk || message instanceof Message.End) {
      add(message.content());
      isComplete |= message instanceof Message.End;
    }
    hasNews = true;
    notifyAll();
  }

  /** Ends the call, as nobody waits for its answer any more. */
  synchronized void hangUp() {
    stopped = new LostException("the host has hung up", null);
    notifyAll();
  }

  private void add(ByteBuffer content) {
    if (content == null) {
      return;
    }
    ByteBuffer last = pieces.peekLast();
    int size = content.remaining();
    if (last == null || last.isDirect() || last.remaining() + size > JOINED_BYTES) {
      pieces.add(content);
      return;
    }
    if (last.capacity() - last.limit() < size) {
      pieces.removeLast();
      last = ByteBuffer.allocate(JOINED_BYTES).put(last).flip();
      pieces.add(last);
    }
    int end = last.limit();
    last.limit(end + size).put(end, content, content.position(), size);
  }

  /** Returns when something may have come. Fails if the call is to end. */
  synchronized void await() throws IOException {
    while (!hasNews && stopped == null) {
      try {
        wait();
      } catch (InterruptedException unexpected) {
        // Nobody interrupts threads here.
        throw new IllegalStateException(unexpected);
      }
    }
    hasNews = false;
    checkStopped();
  }

  /**
   * Returns the next piece as soon as there is one, null at the end. Fails if the call is to end:
   * what came before the host stopped it is not the driver's any more.
   */
  synchronized ByteBuffer nextPiece() throws IOException {
    checkStopped();
    while (pieces.isEmpty() && !isComplete) {
      await();
    }
    return pieces.poll();
  }

  /** Fails if the call is to end. */
  synchronized void checkStopped() throws IOException {
    if (stopped != null) {
      throw stopped;
    }
  }

  /** Tells whether there is nobody to answer. */
  synchronized boolean isLost() {
    return stopped instanceof LostException;
  }

  /** Sends a message of the call. */
  void send(Message message) throws IOException {
    try {
      channel.send(message);
    } catch (LostException gone) {
      hangUp(); // whatever the driver makes of the error
      throw gone;
    } catch (ProtocolException breach) {
      // A mistake of this end, after which the channel is of no use.
      throw new IOException(breach.getMessage(), breach);
    }
  }

  Map<String, Object> params() {
    return request.params();
  }

  /** Returns a text of the params, null if it is absent. */
  String text(String name) {
    return (String) request.params().get(name);
  }

  /** Returns an integer of the params, 0 if it is absent. */
  long count(String name) {
    return request.params().get(name) instanceof Long count ? count : 0;
  }
}
