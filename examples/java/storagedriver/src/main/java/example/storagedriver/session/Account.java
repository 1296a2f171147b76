package example.storagedriver.session;

import example.storagedriver.wire.Call;
import example.storagedriver.wire.Call.Direction;
import example.storagedriver.wire.Kind;
import example.storagedriver.wire.Limits;
import example.storagedriver.wire.Message;
import example.storagedriver.wire.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Map;

/** What one call has moved and may still move, and whether what is said of it is true. */
final class Account {
  private static final long UNKNOWN = -1;

  private Role role;

  // What Hello has agreed on.
  private long maxChunk;
  private long writeCredit;

  private String method = "";
  private Call call; // null if the method is not known
  private Direction direction = Direction.NONE;
  private boolean isComplete; // whether the content of a write is
  private long offset;
  private long size = UNKNOWN; // that START has told
  private long credit;
  private long window;
  private long moved;
  private long consumed;

  Account(Role role, long maxChunk, long writeCredit) {
    this.role = role;
    this.maxChunk = maxChunk;
    this.writeCredit = writeCredit;
  }

  long moved() {
    return moved;
  }

  long maxChunk() {
    return maxChunk;
  }

  long writeCredit() {
    return writeCredit;
  }

  long sendable() {
    return Math.min(credit, maxChunk);
  }

  /** Returns the current call. Fails if it is not known here. */
  Call knownCall() throws ProtocolException {
    if (call == null) {
      throw breach("nothing is known of the answer to %.40s", method);
    }
    return call;
  }

  long consume(long bytes, boolean isOpen) {
    consumed += bytes;
    if (consumed == 0 || !isOpen || consumed * Limits.CREDIT_STEP_DIVISOR < window) {
      return 0;
    }
    long grant = consumed;
    consumed = 0;
    return grant;
  }

  /**
   * Refuses what a driver does not send in a call of this direction. Of what a host sends the state
   * says as much.
   */
  void checkFits(Kind kind) throws ProtocolException {
    boolean isOfRead = kind == Kind.START || kind == Kind.CHUNK;
    if (isOfRead && direction != Direction.RECEIVED
        || kind == Kind.CREDIT && direction != Direction.SENT) {
      throw breach("%s has no place in %.40s", kind, method);
    }
  }

  /** Begins a call, and returns its first state. */
  State begin(Message.Request request) throws ProtocolException {
    if (!role.takes(request.method())) {
      throw breach("%.40s is not a call for a %s channel", request.method(), role);
    }
    method = request.method();
    call = Call.of(method);
    direction = call == null ? Direction.NONE : call.direction();
    isComplete = true;
    size = UNKNOWN;
    offset = integer(request.params(), "offset", 0);
    credit = 0;
    window = 0;
    moved = 0;
    consumed = 0;
    if (call == null) {
      // Of a later version, and it may send content: it is answered, whatever it has.
      return State.WAITING;
    }
    if (direction != Direction.SENT && request.content() != null) {
      throw breach("%s takes no content", method);
    }
    switch (direction) {
      case RECEIVED:
        return beginRead(request);
      case SENT:
        return beginWrite(request);
      default:
        return State.WAITING;
    }
  }

  private State beginRead(Message.Request request) throws ProtocolException {
    credit = integer(request.params(), "credit", UNKNOWN);
    if (credit < 0 || credit > Limits.MAX_CREDIT_BYTES) {
      throw breach("%s with a credit of %d", method, credit);
    }
    window = credit;
    return State.OPENING;
  }

  private State beginWrite(Message.Request request) throws ProtocolException {
    credit = writeCredit;
    window = writeCredit;
    move(request.content());
    if (Boolean.TRUE.equals(request.params().get("end"))) {
      return State.WAITING;
    }
    isComplete = false;
    return State.SENDING;
  }

  /** Accounts for a message of the call. */
  void apply(Message message) throws ProtocolException {
    if (message instanceof Message.Response response) {
      finish(response);
    } else if (message instanceof Message.Start start) {
      size = integer(start.info(), "size", UNKNOWN);
    } else if (message instanceof Message.Chunk chunk) {
      move(chunk.content());
      // Found out here, as a peer that sends for ever never comes to its count.
      if (size >= 0 && offset + moved > size) {
        throw breach("%s sends more than the %d bytes of its START", method, size);
      }
    } else if (message instanceof Message.End end) {
      isComplete = true;
      move(end.content());
    } else if (message instanceof Message.Credit grant) {
      credit += grant.bytes();
      if (credit > Limits.MAX_CREDIT_BYTES) {
        throw breach("credit overflow: %d", credit);
      }
    }
  }

  private void finish(Message.Response response) throws ProtocolException {
    if (response.error() != null) {
      if (!(response.error().get("code") instanceof String)) {
        throw breach("an error must have a code, which is a text");
      }
      return;
    }
    if (response.content() != null) {
      if (direction != Direction.RECEIVED) {
        throw breach("the response to %.40s has no content", method);
      }
      move(response.content());
    }
    if (!isComplete) {
      throw breach("%s succeeded before its END", method);
    }
    checkCount(response.result());
    if (method.equals("Hello")) {
      adopt(response.result());
    }
  }

  /**
   * Compares what a success says of the content with what has passed: nothing is ever cut short
   * without an error.
   */
  private void checkCount(Map<String, Object> result) throws ProtocolException {
    if (knownCall().countKey() == null) {
      return;
    }
    long counted = integer(result, call.countKey(), UNKNOWN);
    if (size >= 0 && size != counted) {
      throw breach("the result of %s has a size of %d, and its START of %d", method, counted, size);
    }
    long expected = counted;
    if (direction == Direction.RECEIVED) {
      expected = Math.max(0, counted - offset);
    } else if (call.countsFromOffset()) {
      expected = counted - offset;
    }
    if (counted < 0 || expected != moved) {
      throw breach(
          "the result of %s speaks of %d bytes of content, and %d have passed",
          method, expected, moved);
    }
  }

  /** Takes over what Hello has agreed on. */
  private void adopt(Map<String, Object> result) throws ProtocolException {
    long chunk = integer(result, "max_chunk", 0);
    long grant = integer(result, "write_credit", 0);
    if (chunk <= 0 || chunk > grant) {
      throw breach("write_credit %d is less than max_chunk %d", grant, chunk);
    }
    maxChunk = Math.min(maxChunk, chunk);
    writeCredit = grant;
    role = integer(result, "max_channels", 0) == 0 ? Role.ONLY : Role.CONTROL;
  }

  private void move(ByteBuffer content) throws ProtocolException {
    long bytes = content == null ? 0 : content.remaining();
    if (bytes > maxChunk) {
      throw breach("%d bytes in one message, the limit is %d", bytes, maxChunk);
    }
    if (bytes > credit) {
      throw breach("%d bytes sent with a credit of %d", bytes, credit);
    }
    credit -= bytes;
    moved += bytes;
  }

  /** Returns a whole number of a map that was checked, or that this end has made. */
  private static long integer(Map<String, Object> pairs, String name, long otherwise) {
    return pairs != null && pairs.get(name) instanceof Number number
        ? number.longValue()
        : otherwise;
  }

  private static ProtocolException breach(String format, Object... arguments) {
    return new ProtocolException(String.format(format, arguments));
  }
}
