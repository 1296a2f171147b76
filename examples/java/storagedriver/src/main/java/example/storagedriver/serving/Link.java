package example.storagedriver.serving;

import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import example.storagedriver.wire.Message;
import example.storagedriver.wire.ProtocolException;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The driver's end of one channel. One thread receives, and another one answers the calls, one
 * after another.
 */
final class Link {
  private static final Logger LOG = LoggerFactory.getLogger(Link.class);

  private final String driver;
  private final Channel channel;
  private final Answering answering;
  // A call waits here at most for the end of the one before.
  private final BlockingQueue<Next> calls = new ArrayBlockingQueue<>(2);

  private volatile RunningCall current;

  /** What answers calls. */
  interface Answering {
    Answer answer(RunningCall call) throws IOException;

    /** Tells whether a call was the last one, before it is answered. */
    default boolean isLast(RunningCall call) {
      return false;
    }
  }

  /** A call, or null for the end. */
  private record Next(RunningCall call) {}

  Link(String driver, Channel channel, Answering answering) {
    this.driver = driver;
    this.channel = channel;
    this.answering = answering;
  }

  RunningCall current() {
    return current;
  }

  /**
   * Takes what comes until the channel ends. Returns when the host has closed it, and otherwise
   * fails with why. Calls are answered by {@link #run}, at the same time.
   */
  void receive() throws LostException, ProtocolException {
    RunningCall last = null;
    try {
      while (true) {
        Message message = channel.receive();
        if (message instanceof Message.Close) {
          return;
        }
        if (message instanceof Message.Request request) {
          last = new RunningCall(channel, request);
          put(new Next(last));
        } else if (last != null) {
          last.take(message);
        }
      }
    } catch (ProtocolException breach) {
      if (last != null) {
        last.hangUp();
      }
      channel.closeWith(refusal(breach));
      throw breach;
    } finally {
      if (last != null) {
        last.hangUp();
      }
      channel.close();
      put(new Next(null));
    }
  }

  /** It has room: a host sends no request before the answer to the one before. */
  private void put(Next next) {
    try {
      calls.put(next);
    } catch (InterruptedException unexpected) {
      throw new IllegalStateException(unexpected);
    }
  }

  /** The last message to a host that broke the protocol. */
  private Message refusal(ProtocolException breach) {
    StorageException failure = StorageException.protocolError(breach.getMessage());
    return new Message.Response(channel.id(), WireErrors.toWire(failure), null, null);
  }

  /**
   * Answers calls until the channel ends, or one was the last one. Then the channel stays open:
   * closed at once, its last message might be lost.
   */
  void run() {
    try {
      for (RunningCall call = calls.take().call; call != null; call = calls.take().call) {
        if (!respond(call)) {
          return;
        }
      }
    } catch (InterruptedException unexpected) {
      throw new IllegalStateException(unexpected);
    }
  }

  /** Answers one call, and tells whether more may come. */
  private boolean respond(RunningCall call) {
    current = call;
    Answer answer = Answer.empty();
    Map<String, Object> error = null;
    try {
      answer = answering.answer(call);
    } catch (Throwable failure) { // others are not to suffer from a bug or too little memory
      error = told(call, failure);
    }
    current = null;
    boolean isLast = answering.isLast(call);
    if (!call.isLost()) {
      Map<String, Object> result = error == null ? answer.result() : null;
      send(new Message.Response(call.id(), error, result, answer.content()));
    }
    answer.sent().run();
    return !isLast && !call.isLost();
  }

  private Map<String, Object> told(RunningCall call, Throwable failure) {
    StorageException known = Failures.of(failure);
    if (known.code() == ErrorCode.INTERNAL && !call.isLost()) {
      LOG.error("{} has failed", call.method(), failure);
    }
    return WireErrors.toWire(Failures.named(known, driver));
  }

  private void send(Message response) {
    try {
      channel.send(response);
    } catch (ProtocolException breach) {
      // A mistake of this end. The host is told, rather than left to wait.
      LOG.error("a response cannot be sent: {}", breach.getMessage());
      channel.closeWith(refusal(breach));
    } catch (LostException gone) {
      // There is nobody to answer.
    }
  }
}
