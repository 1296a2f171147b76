package example.storagedriver.session;

import example.storagedriver.wire.Call;
import example.storagedriver.wire.Kind;
import example.storagedriver.wire.Message;
import example.storagedriver.wire.ProtocolException;
import java.util.Map;

/** One end of one channel. It is not for several threads at once. */
public final class Session {
  private final Side side;
  private final Account account;
  private State state = State.ATTACHING;
  private long id;

  /**
   * Makes a session in state ATTACHING.
   *
   * @param maxChunk and {@code writeCredit}: what Hello has agreed on, or what this side begins
   *     with on the control channel
   */
  public Session(Side side, Role role, long maxChunk, long writeCredit) {
    this.side = side;
    this.account = new Account(role, maxChunk, writeCredit);
  }

  /** Returns the current state. */
  public State state() {
    return state;
  }

  /** Returns the id of the current call, or of the last one. */
  public long id() {
    return id;
  }

  /** Returns how much content of the current call has passed this end. */
  public long moved() {
    return account.moved();
  }

  /** Returns the longest content of a message, as Hello has agreed on. */
  public long maxChunk() {
    return account.maxChunk();
  }

  /** Returns the first grant of a write, as Hello has agreed on. */
  public long writeCredit() {
    return account.writeCredit();
  }

  /** Returns how much content may go into the next message. */
  public long sendable() {
    return account.sendable();
  }

  /**
   * Accounts for a message that this end is about to send. Fails if it may not: a mistake of this
   * end, after which the state is CLOSED.
   */
  public void send(Message message) throws ProtocolException {
    try {
      step(side, message);
    } catch (ProtocolException breach) {
      state = State.CLOSED;
      throw new ProtocolException(breach.getMessage() + " (by this end)");
    }
  }

  /**
   * Accounts for a message that has come. Returns it, with its map in the normal form, or null if
   * it is not to be acted on. Fails if the peer may not send it; the state is then CLOSED.
   */
  public Message receive(Message message) throws ProtocolException {
    State was = state;
    try {
      // What is not allowed now is refused as that, whatever it says.
      boolean allowed = was.after(side.other(), message.kind()) != null;
      Message checked = allowed ? normal(message) : message;
      step(side.other(), checked);
      return isActedOn(was, checked.kind()) ? checked : null;
    } catch (ProtocolException breach) {
      throw refuse(breach.getMessage());
    }
  }

  private static boolean isActedOn(State was, Kind kind) {
    switch (was) {
      case IDLE: // else it has crossed the response of its call
        return kind == Kind.REQUEST || kind == Kind.CLOSE;
      case CANCELLING: // else it was under way when the call was cancelled
        return kind == Kind.RESPONSE || kind == Kind.CLOSE;
      default:
        return true;
    }
  }

  /**
   * Says that received content has been used up. Returns how much CREDIT is to be sent, 0 if none
   * is due: grants come in steps of a part of the window, so that a stream costs few messages.
   */
  public long consume(long size) {
    boolean isOpen = state == State.OPENING || state == State.RECEIVING || state == State.SENDING;
    return account.consume(size, isOpen);
  }

  /** Closes the session for what the peer did, and returns the error that says so. */
  public ProtocolException refuse(String detail) {
    state = State.CLOSED;
    String peer = side == Side.DRIVER ? "host" : "driver";
    return new ProtocolException(detail + " (from the " + peer + ")");
  }

  /** Ends the session. */
  public void close() {
    state = State.CLOSED;
  }

  /** Puts the map of a received message in its normal form. */
  private Message normal(Message message) throws ProtocolException {
    if (message instanceof Message.Request request) {
      Call call = Call.of(request.method());
      if (call == null) {
        return message; // legal to ask; answering it is the driver's business
      }
      long last = id;
      id = request.id(); // what refuses it carries it
      Map<String, Object> params = call.checkParams(request.params());
      id = last;
      return new Message.Request(request.id(), request.method(), params, request.content());
    }
    if (message instanceof Message.Response response && response.error() == null) {
      Map<String, Object> result = account.knownCall().checkResult(response.result());
      return new Message.Response(response.id(), null, result, response.content());
    }
    if (message instanceof Message.Start start) {
      return new Message.Start(start.id(), account.knownCall().checkInfo(start.info()));
    }
    return message;
  }

  private void step(Side sender, Message message) throws ProtocolException {
    Kind kind = message.kind();
    State following = state.after(sender, kind);
    if (following == null) {
      throw new ProtocolException(kind + " is not allowed in state " + state);
    }
    if (sender == Side.DRIVER) {
      account.checkFits(kind);
    }
    if (message instanceof Message.Request request) {
      following = begin(request);
    } else if (kind != Kind.ATTACH && kind != Kind.CLOSE) {
      if (message.id() != id) {
        throw new ProtocolException(kind + " for call " + message.id() + ", the call is " + id);
      }
      if (state != State.IDLE) { // else it belongs to a call that has ended
        account.apply(message);
      }
    }
    state = following;
  }

  private State begin(Message.Request request) throws ProtocolException {
    if (request.id() == id) {
      throw new ProtocolException("REQUEST repeats the id " + id);
    }
    // Before anything else is looked at: a refusal of the rest carries it.
    id = request.id();
    return account.begin(request);
  }
}
