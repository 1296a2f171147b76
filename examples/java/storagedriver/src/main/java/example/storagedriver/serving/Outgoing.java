package example.storagedriver.serving;

import example.storagedriver.ErrorCode;
import example.storagedriver.ReadStream;
import example.storagedriver.StorageException;
import example.storagedriver.wire.Limits;
import example.storagedriver.wire.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The content of a read on its way to the host: as far as credit goes, after a START that is left
 * out where all of it fits the response.
 */
final class Outgoing {
  private final RunningCall call;
  private final Map<String, Object> info;
  private boolean hasStarted;

  Outgoing(RunningCall call, Map<String, Object> info) {
    this.call = call;
    this.info = info;
  }

  /** Sends content as a CHUNK, within the credit. Fails if the call is to end. */
  void send(ByteBuffer content) throws IOException {
    start();
    call.send(new Message.Chunk(call.id(), content));
    call.checkStopped();
  }

  private void start() throws IOException {
    if (!hasStarted) {
      hasStarted = true;
      call.send(new Message.Start(call.id(), info));
    }
  }

  /** Waits until so much may be sent, and returns how much may be. */
  int room(int needed) throws IOException {
    call.checkStopped();
    while (true) {
      long limit = call.channel().sendable();
      if (limit >= needed) {
        return (int) limit;
      }
      // The host grants more for what it was sent, not for what it does not know of.
      start();
      call.await();
    }
  }

  /**
   * Sends a stream that was opened at an offset, and returns the response that ends the call. Fails
   * with ContentChanged if the content ends before the size that it had.
   */
  static Answer sendStream(RunningCall call, ReadStream stream, long offset) throws IOException {
    long size = stream.size();
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("size", size < 0 ? null : size);
    info.put("version", stream.version());
    Outgoing outgoing = new Outgoing(call, info);
    Gathering source = new Gathering(stream);
    long left = size < 0 ? Long.MAX_VALUE : Math.max(0, size - offset);
    ByteBuffer last = null;
    try {
      while (left > 0) {
        int limit = (int) Math.min(outgoing.room(1), left);
        ByteBuffer piece = source.next(limit);
        left -= piece == null ? 0 : piece.remaining();
        boolean hasEnded = piece == null || source.hasEnded();
        if (hasEnded && size >= 0 && left > 0) {
          throw StorageException.ofPath(ErrorCode.CONTENT_CHANGED, call.text("path"))
              .because("it ends " + left + " bytes before the size it had");
        }
        if (hasEnded || left == 0) {
          last = piece;
          break;
        }
        outgoing.send(piece);
      }
      return answer(call, stream, offset, last, source);
    } catch (IOException | RuntimeException failure) {
      source.release();
      throw failure;
    }
  }

  private static Answer answer(
      RunningCall call, ReadStream stream, long offset, ByteBuffer last, Gathering source) {
    long sent = call.channel().moved() + (last == null ? 0 : last.remaining());
    long size = sent == 0 && stream.size() >= 0 ? stream.size() : offset + sent;
    Map<String, Object> result = Map.of("size", size, "version", stream.version());
    Runnable whenSent =
        () -> { // not before: the last piece is good until then
          source.release();
          stream.close();
        };
    return new Answer(result, last, whenSent);
  }

  /** Smallest chunk that is not the last, if the credit is not less. */
  static int least(int limit) {
    return Math.min(limit, Limits.MIN_CHUNK_BYTES);
  }
}
