package example.storagedriver.serving;

import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import example.storagedriver.session.Role;
import example.storagedriver.session.Session;
import example.storagedriver.session.Side;
import example.storagedriver.wire.ProtocolException;
import example.storagedriver.zmtp.Endpoint;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The worker channels of a process. */
final class Workers {
  static final int MAX_CHANNELS = 64;

  // The host is in the same machine and waits: if it does not answer in this time it is not there.
  static final Duration CONNECT_TIME = Duration.ofSeconds(5);

  // For calls that still run at Shutdown: the host has waited for them already.
  private static final long LAST_CALLS_MILLIS = 500;

  private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

  private final String driver;
  private final Methods methods;
  private final String token;
  private final String endpoint;

  // The calls, and one for whoever waits for their end.
  private final Phaser running = new Phaser(1);

  // The places that are taken, by number; guarded by itself.
  private final Map<Long, Place> places = new HashMap<>();

  /** The place of a channel: without a link while it is being connected. */
  private static final class Place {
    private volatile Link link;
  }

  Workers(String driver, Methods methods, String token, String endpoint) {
    this.driver = driver;
    this.methods = methods;
    this.token = token;
    this.endpoint = endpoint;
  }

  /** Starts to connect a channel. */
  void open(RunningCall call) throws StorageException {
    long number = call.count("channel");
    String to = call.text("endpoint");
    if (!Endpoint.machine(to).equals(Endpoint.machine(endpoint))) {
      // Whoever listens there would be shown the token.
      throw StorageException.invalidParameter(
          "endpoint", "it is not on the machine of the control channel");
    }
    Place place = take(number);
    Channel control = call.channel();
    Session agreed =
        new Session(Side.DRIVER, Role.WORKER, control.maxChunk(), control.writeCredit());
    Threads.start("receiver " + number, () -> work(number, place, to, agreed));
  }

  private Place take(long number) throws StorageException {
    synchronized (places) {
      if (places.size() >= MAX_CHANNELS) {
        String message = "Too many channels: the driver takes " + MAX_CHANNELS;
        String code = ErrorCode.TOO_MANY_CHANNELS.wireName();
        throw StorageException.of(code, message, Map.of("limit", MAX_CHANNELS)).setTemporary(true);
      }
      Place place = new Place();
      if (places.putIfAbsent(number, place) != null) {
        throw StorageException.invalidParameter("channel", number + " is in use");
      }
      return place;
    }
  }

  /** Serves one channel. Its place is free when it has ended, and its last call too. */
  private void work(long number, Place place, String to, Session agreed) {
    try {
      Link link = new Link(driver, Serving.attach(to, token, agreed), this::answer);
      place.link = link;
      Thread answering = Threads.start("worker " + number, link::run);
      receive(number, link);
      answering.join();
    } catch (IOException failure) {
      LOG.warn("channel {} cannot be opened: {}", number, failure.getMessage());
    } catch (InterruptedException unexpected) {
      throw new IllegalStateException(unexpected);
    } finally {
      synchronized (places) {
        places.remove(number, place);
      }
    }
  }

  private static void receive(long number, Link link) {
    try {
      link.receive();
    } catch (ProtocolException breach) {
      LOG.warn("channel {}: the host has broken the protocol: {}", number, breach.getMessage());
    } catch (LostException gone) {
      LOG.debug("channel {} has ended", number);
    }
  }

  private Answer answer(RunningCall call) throws IOException {
    running.register();
    try {
      return methods.answer(call);
    } finally {
      running.arriveAndDeregister();
    }
  }

  /** Returns what Ping tells of the channels with a call. */
  List<Map<String, Object>> reports() {
    List<Map<String, Object>> reports = new ArrayList<>();
    synchronized (places) {
      places.forEach(
          (number, place) -> {
            RunningCall call = place.link == null ? null : place.link.current();
            if (call != null) {
              reports.add(report(number, call));
            }
          });
    }
    return reports;
  }

  private static Map<String, Object> report(long number, RunningCall call) {
    return Map.of(
        "channel", number,
        "id", call.id(),
        "method", call.method(),
        "busy_ms", call.busyMillis(),
        "moved_bytes", call.channel().moved());
  }

  /** Closes the driver when the calls have ended, or too long has passed. */
  void end() {
    try {
      running.awaitAdvanceInterruptibly(running.arrive(), LAST_CALLS_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException | InterruptedException late) {
      LOG.debug("calls still run");
    }
    try {
      methods.close();
    } catch (Exception failure) {
      LOG.error("closing the driver", failure);
    }
  }
}
