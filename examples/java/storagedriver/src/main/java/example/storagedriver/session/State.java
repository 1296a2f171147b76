package example.storagedriver.session;

import static example.storagedriver.session.Side.DRIVER;
import static example.storagedriver.session.Side.HOST;
import static java.util.Map.entry;

import example.storagedriver.wire.Kind;
import java.util.Map;

/** What a channel is in the middle of. */
public enum State {
  ATTACHING,
  IDLE,
  WAITING,
  OPENING,
  RECEIVING,
  SENDING,
  CANCELLING,
  CLOSED;

  private record Step(State state, Side sender, Kind kind) {}

  // What is not in this table is a protocol error. A REQUEST leads to OPENING or SENDING where its
  // call has content; that, ids and credit need more than a table.
  private static final Map<Step, State> TRANSITIONS =
      Map.ofEntries(
          entry(new Step(ATTACHING, DRIVER, Kind.ATTACH), IDLE),
          entry(new Step(ATTACHING, HOST, Kind.CLOSE), CLOSED),
          entry(new Step(IDLE, HOST, Kind.REQUEST), WAITING),
          entry(new Step(IDLE, HOST, Kind.CREDIT), IDLE),
          entry(new Step(IDLE, HOST, Kind.CHUNK), IDLE),
          entry(new Step(IDLE, HOST, Kind.END), IDLE),
          entry(new Step(IDLE, HOST, Kind.CANCEL), IDLE),
          entry(new Step(IDLE, HOST, Kind.CLOSE), CLOSED),
          entry(new Step(WAITING, DRIVER, Kind.CREDIT), WAITING),
          entry(new Step(WAITING, DRIVER, Kind.RESPONSE), IDLE),
          entry(new Step(WAITING, HOST, Kind.CANCEL), CANCELLING),
          entry(new Step(WAITING, HOST, Kind.CLOSE), CLOSED),
          entry(new Step(OPENING, DRIVER, Kind.START), RECEIVING),
          entry(new Step(OPENING, DRIVER, Kind.RESPONSE), IDLE),
          entry(new Step(OPENING, HOST, Kind.CREDIT), OPENING),
          entry(new Step(OPENING, HOST, Kind.CANCEL), CANCELLING),
          entry(new Step(OPENING, HOST, Kind.CLOSE), CLOSED),
          entry(new Step(RECEIVING, DRIVER, Kind.CHUNK), RECEIVING),
          entry(new Step(RECEIVING, DRIVER, Kind.RESPONSE), IDLE),
          entry(new Step(RECEIVING, HOST, Kind.CREDIT), RECEIVING),
          entry(new Step(RECEIVING, HOST, Kind.CANCEL), CANCELLING),
          entry(new Step(RECEIVING, HOST, Kind.CLOSE), CLOSED),
          entry(new Step(SENDING, DRIVER, Kind.CREDIT), SENDING),
          entry(new Step(SENDING, DRIVER, Kind.RESPONSE), IDLE),
          entry(new Step(SENDING, HOST, Kind.CHUNK), SENDING),
          entry(new Step(SENDING, HOST, Kind.END), WAITING),
          entry(new Step(SENDING, HOST, Kind.CANCEL), CANCELLING),
          entry(new Step(SENDING, HOST, Kind.CLOSE), CLOSED),
          entry(new Step(CANCELLING, DRIVER, Kind.START), CANCELLING),
          entry(new Step(CANCELLING, DRIVER, Kind.CHUNK), CANCELLING),
          entry(new Step(CANCELLING, DRIVER, Kind.CREDIT), CANCELLING),
          entry(new Step(CANCELLING, DRIVER, Kind.RESPONSE), IDLE),
          entry(new Step(CANCELLING, HOST, Kind.CLOSE), CLOSED));

  /** Returns the state that follows a message, null if it is not allowed. */
  State after(Side sender, Kind kind) {
    return TRANSITIONS.get(new Step(this, sender, kind));
  }
}
