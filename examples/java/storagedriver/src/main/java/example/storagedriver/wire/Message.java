package example.storagedriver.wire;

import java.nio.ByteBuffer;
import java.util.Map;

/**
 * One message.
 *
 * <p>Values in its maps are null, {@link Boolean}, {@link Long}, {@link java.math.BigInteger}
 * (beyond long only), {@link Double}, {@link String}, {@code byte[]}, {@link java.util.List} and
 * {@link Map}. To be sent, integers may have any type. Content is null where there is none, and
 * never empty in what was received.
 */
public sealed interface Message {
  /** The kind. */
  Kind kind();

  /** The id of the call, 0 where a kind has none. */
  default long id() {
    return 0;
  }

  /** The content, null if there is none. */
  default ByteBuffer content() {
    return null;
  }

  /** Begins a call. */
  record Request(long id, String method, Map<String, Object> params, ByteBuffer content)
      implements Message {
    @Override
    public Kind kind() {
      return Kind.REQUEST;
    }
  }

  /** Ends a call. An error of null is a success; a result of null is an empty map. */
  record Response(
      long id, Map<String, Object> error, Map<String, Object> result, ByteBuffer content)
      implements Message {
    @Override
    public Kind kind() {
      return Kind.RESPONSE;
    }
  }

  /** More content. */
  record Chunk(long id, ByteBuffer content) implements Message {
    @Override
    public Kind kind() {
      return Kind.CHUNK;
    }
  }

  /** So much more content may be sent. */
  record Credit(long id, long bytes) implements Message {
    @Override
    public Kind kind() {
      return Kind.CREDIT;
    }
  }

  /** The written content is complete. */
  record End(long id, ByteBuffer content) implements Message {
    @Override
    public Kind kind() {
      return Kind.END;
    }
  }

  /** Stop; the response still comes. */
  record Cancel(long id) implements Message {
    @Override
    public Kind kind() {
      return Kind.CANCEL;
    }
  }

  /** The first message on every channel. */
  record Attach(String token, String version, long pid) implements Message {
    @Override
    public Kind kind() {
      return Kind.ATTACH;
    }
  }

  /** A read is open. */
  record Start(long id, Map<String, Object> info) implements Message {
    @Override
    public Kind kind() {
      return Kind.START;
    }
  }

  /** End the call, answer nothing, close the channel. */
  record Close() implements Message {
    @Override
    public Kind kind() {
      return Kind.CLOSE;
    }
  }
}
