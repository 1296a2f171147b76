package example.storagedriver.serving;

import example.storagedriver.Buffers;
import example.storagedriver.session.Session;
import example.storagedriver.session.State;
import example.storagedriver.wire.Decoder;
import example.storagedriver.wire.Encoder;
import example.storagedriver.wire.Message;
import example.storagedriver.wire.ProtocolException;
import example.storagedriver.zmtp.BreachException;
import example.storagedriver.zmtp.Connection;
import java.io.IOException;
import java.time.Duration;

/**
 * One channel: a connection, and the session that speaks over it. It sends for any thread and
 * receives for one. Receiving never waits for a send: so credit and the end of a call are seen
 * while the peer does not read.
 */
final class Channel {
  // How long a last message may take: the peer may not read any more.
  private static final Duration FAREWELL = Duration.ofMillis(500);

  private final Connection connection;

  // The queue of those who send; held for as long as the peer takes to read.
  private final Object sending = new Object();

  // Guarded by itself, for a moment each time.
  private final Session session;

  Channel(Connection connection, Session session) {
    this.connection = connection;
    this.session = session;
  }

  /** Sends one message. Fails if the session does not allow it. */
  void send(Message message) throws LostException, ProtocolException {
    synchronized (sending) {
      Encoder.Frames frames = Encoder.encode(message);
      synchronized (session) {
        checkOpen();
        session.send(message);
      }
      write(frames);
    }
  }

  private void checkOpen() throws LostException {
    if (session.state() == State.CLOSED) {
      throw new LostException("the channel is closed", null);
    }
  }

  private void write(Encoder.Frames frames) throws LostException {
    try {
      connection.send(frames.header(), frames.content());
    } catch (IOException failure) {
      close();
      throw new LostException("the channel is lost", failure);
    }
  }

  /** Returns the next message that is to be acted on. Fails for what the peer may not send. */
  Message receive() throws LostException, ProtocolException {
    while (true) {
      Connection.Frames frames = frames();
      Message message = account(frames);
      if (message != null) {
        return message;
      }
      Buffers.release(frames.content());
    }
  }

  private Connection.Frames frames() throws LostException, ProtocolException {
    try {
      return connection.receive();
    } catch (BreachException breach) {
      throw refused(breach.getMessage());
    } catch (IOException failure) {
      close();
      throw new LostException("the channel is lost", failure);
    }
  }

  private Message account(Connection.Frames frames) throws LostException, ProtocolException {
    Message message;
    try {
      message = Decoder.decode(frames.header(), frames.content());
    } catch (ProtocolException breach) {
      throw refused(breach.getMessage());
    }
    synchronized (session) {
      checkOpen();
      return session.receive(message);
    }
  }

  private ProtocolException refused(String detail) throws LostException {
    synchronized (session) {
      checkOpen();
      return session.refuse(detail);
    }
  }

  /**
   * Closes the channel after one last message, which the session is not asked about. It is for
   * telling the peer that it broke the protocol, and lost if the peer does not read.
   */
  void closeWith(Message last) {
    connection.closeAfter(FAREWELL); // also if somebody waits now for a send to end
    synchronized (sending) {
      try {
        write(Encoder.encode(last));
        connection.hangUp();
      } catch (LostException | ProtocolException failure) {
        // There is nobody to tell.
      }
    }
    close();
  }

  /** Closes the channel at once. Closing twice is no error. */
  void close() {
    synchronized (session) {
      session.close();
    }
    connection.close();
  }

  long id() {
    synchronized (session) {
      return session.id();
    }
  }

  /** Returns how much content may be sent now. */
  long sendable() {
    synchronized (session) {
      return session.sendable();
    }
  }

  /** Returns how much content of the current call has passed. */
  long moved() {
    synchronized (session) {
      return session.moved();
    }
  }

  /** Says that received content has been used up; returns how much credit is to be granted. */
  long consume(long size) {
    synchronized (session) {
      return session.consume(size);
    }
  }

  long maxChunk() {
    synchronized (session) {
      return session.maxChunk();
    }
  }

  long writeCredit() {
    synchronized (session) {
      return session.writeCredit();
    }
  }
}
