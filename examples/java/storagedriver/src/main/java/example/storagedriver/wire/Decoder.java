package example.storagedriver.wire;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/** A message from its frames. */
public final class Decoder {
  private final List<?> elements;
  private final Kind kind;

  private Decoder(List<?> elements, Kind kind) {
    this.elements = elements;
    this.kind = kind;
  }

  /** Returns the message of a header and of a content frame, which is null if there is none. */
  public static Message decode(byte[] header, ByteBuffer frame) throws ProtocolException {
    if (header.length > Limits.MAX_HEADER_BYTES) {
      throw ProtocolException.of(
          "a header of %d bytes is longer than %d", header.length, Limits.MAX_HEADER_BYTES);
    }
    Unpacking unpacking = new Unpacking(header);
    List<?> elements = unpacking.nextArray();
    if (unpacking.left() > 0) {
      throw ProtocolException.of("%d bytes behind the header", unpacking.left());
    }
    Long number = elements.isEmpty() ? null : Checks.integer(elements.get(0));
    Kind kind = number == null ? null : Kind.of(number);
    if (kind == null) {
      throw ProtocolException.of("a header must begin with the number of a kind of message");
    }
    if (elements.size() < Encoder.elements(kind)) {
      throw ProtocolException.of("%s[%d] is missing", kind, elements.size());
    }
    return new Decoder(elements, kind).message(frame);
  }

  private Message message(ByteBuffer frame) throws ProtocolException {
    ByteBuffer content = content(frame);
    switch (kind) {
      case CLOSE:
        return new Message.Close();
      case ATTACH:
        return new Message.Attach(
            text(1, "token"), text(2, "version"), number(3, "pid", 0, Limits.MAX_ID));
      case REQUEST:
        return new Message.Request(id(), text(2, "method"), pairs(3, "params"), content);
      case RESPONSE:
        return response(content);
      case START:
        return new Message.Start(id(), pairs(2, "info"));
      case CREDIT:
        return new Message.Credit(id(), number(2, "bytes", 1, Limits.MAX_CREDIT_BYTES));
      case CHUNK:
        return new Message.Chunk(id(), content);
      case END:
        return new Message.End(id(), content);
      default:
        return new Message.Cancel(id());
    }
  }

  /** Finds the content, wherever it stands. */
  private ByteBuffer content(ByteBuffer frame) throws ProtocolException {
    boolean hasFrame = frame != null && frame.hasRemaining();
    int index = contentIndex();
    if (index < 0) {
      if (hasFrame) {
        throw ProtocolException.of("%s has no content, but came with a second frame", kind);
      }
      return null;
    }
    Object inline = index < elements.size() ? elements.get(index) : null;
    if (inline != null && !(inline instanceof byte[])) {
      throw ProtocolException.of("%s[%d]: content must be nil or binary", kind, index);
    }
    boolean hasInline = inline != null && ((byte[]) inline).length > 0;
    if (hasInline && hasFrame) {
      throw ProtocolException.of("%s[%d]: content stands here and in a second frame", kind, index);
    }
    if (kind == Kind.CHUNK && !hasInline && !hasFrame) {
      throw ProtocolException.of("CHUNK[2]: a chunk must have content");
    }
    return hasInline ? ByteBuffer.wrap((byte[]) inline) : hasFrame ? frame : null;
  }

  private int contentIndex() {
    switch (kind) {
      case REQUEST:
      case RESPONSE:
        return 4;
      case CHUNK:
      case END:
        return 2;
      default:
        return -1;
    }
  }

  private Message response(ByteBuffer content) throws ProtocolException {
    Map<String, Object> error = elements.get(2) == null ? null : pairs(2, "error");
    Map<String, Object> result = elements.get(3) == null ? null : pairs(3, "result");
    if (error != null && content != null) {
      throw ProtocolException.of("RESPONSE[4]: an error has no content");
    }
    return new Message.Response(id(), error, result, content);
  }

  private long id() throws ProtocolException {
    return number(1, "id", 0, Limits.MAX_ID);
  }

  private String text(int index, String name) throws ProtocolException {
    if (elements.get(index) instanceof String text) {
      return text;
    }
    throw ProtocolException.of("%s[%d]: %s must be a text", kind, index, name);
  }

  // Maps that were unpacked have no keys but texts.
  @SuppressWarnings("unchecked")
  private Map<String, Object> pairs(int index, String name) throws ProtocolException {
    if (elements.get(index) instanceof Map<?, ?> pairs) {
      return (Map<String, Object>) pairs;
    }
    throw ProtocolException.of("%s[%d]: %s must be a map", kind, index, name);
  }

  private long number(int index, String name, long least, long most) throws ProtocolException {
    Long number = Checks.integer(elements.get(index));
    if (number == null || number < least || number > most) {
      throw ProtocolException.of(
          "%s[%d]: %s must be an integer from %d to %d", kind, index, name, least, most);
    }
    return number;
  }
}
