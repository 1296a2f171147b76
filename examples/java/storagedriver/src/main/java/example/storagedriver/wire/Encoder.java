package example.storagedriver.wire;

import java.nio.ByteBuffer;
import java.util.Map;

/** A message into its frames. */
public final class Encoder {
  private Encoder() {}

  /** The frames of a message; the second is null if there is none, or if it rides in the header. */
  public record Frames(byte[] header, ByteBuffer content) {}

  /** Fails if the message breaks a rule of its kind, or its header would be too long. */
  public static Frames encode(Message message) throws ProtocolException {
    ByteBuffer content = message.content();
    int size = content == null ? 0 : content.remaining();
    boolean inline = size > 0 && size <= Limits.INLINE_CONTENT_BYTES;
    Packing packing = new Packing().array(elements(message.kind()) + (inline ? 1 : 0));
    packing.value(message.kind().ordinal());
    check(message, size);
    pack(packing, message);
    if (inline) {
      packing.binary(content);
    }
    byte[] header = packing.toBytes();
    if (header.length > Limits.MAX_HEADER_BYTES) {
      throw ProtocolException.of(
          "%s would have a header of %d bytes", message.kind(), header.length);
    }
    return new Frames(header, inline || size == 0 ? null : content);
  }

  /** Tells how many elements a header has before its content. */
  static int elements(Kind kind) {
    switch (kind) {
      case REQUEST:
      case RESPONSE:
      case ATTACH:
        return 4;
      case CREDIT:
      case START:
        return 3;
      case CLOSE:
        return 1;
      default:
        return 2;
    }
  }

  private static void check(Message message, int size) throws ProtocolException {
    if (message instanceof Message.Chunk && size == 0) {
      throw ProtocolException.of("CHUNK would be empty");
    }
    if (message instanceof Message.Response response && response.error() != null && size > 0) {
      throw ProtocolException.of("RESPONSE would have an error and content");
    }
  }

  private static void pack(Packing packing, Message message) throws ProtocolException {
    if (message instanceof Message.Close) {
      return;
    }
    if (message instanceof Message.Attach attach) {
      packing.value(attach.token()).value(attach.version()).value(attach.pid());
      return;
    }
    packing.value(message.id());
    if (message instanceof Message.Request request) {
      packing.value(request.method()).value(orEmpty(request.params()));
    } else if (message instanceof Message.Response response) {
      packing.value(response.error()).value(response.result());
    } else if (message instanceof Message.Start start) {
      packing.value(orEmpty(start.info()));
    } else if (message instanceof Message.Credit credit) {
      packing.value(credit.bytes());
    }
  }

  private static Map<String, Object> orEmpty(Map<String, Object> pairs) {
    return pairs == null ? Map.of() : pairs;
  }
}
