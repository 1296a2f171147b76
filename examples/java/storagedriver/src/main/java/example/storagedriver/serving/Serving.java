package example.storagedriver.serving;

import example.storagedriver.ErrorCode;
import example.storagedriver.Parameters;
import example.storagedriver.Program;
import example.storagedriver.ProtocolVersion;
import example.storagedriver.StorageException;
import example.storagedriver.session.Role;
import example.storagedriver.session.Session;
import example.storagedriver.session.Side;
import example.storagedriver.wire.Limits;
import example.storagedriver.wire.Message;
import example.storagedriver.wire.ProtocolException;
import example.storagedriver.zmtp.Connection;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A driver served to one host: its control channel. */
final class Serving implements Link.Answering {
  private static final Logger LOG = LoggerFactory.getLogger(Serving.class);

  private final Program program;
  private final Parameters parameters;
  private final String token;
  private final String endpoint;
  private final CountDownLatch ending = new CountDownLatch(1);

  // Made by Hello, before there are workers.
  private volatile Workers workers;

  Serving(Program program, Parameters parameters, String token, String endpoint) {
    this.program = program;
    this.parameters = parameters;
    this.token = token;
    this.endpoint = endpoint;
  }

  /**
   * Attaches, and answers the control channel until it ends. Returns whether that was orderly:
   * after Shutdown, a failed Hello, or a breach of the protocol.
   */
  boolean run() {
    Session session =
        new Session(
            Side.DRIVER, Role.NEW, Limits.MAX_CHUNK_BYTES, writeCredit(Limits.MAX_CHUNK_BYTES));
    Link link;
    try {
      link = new Link(program.name(), attach(endpoint, token, session), this);
    } catch (IOException failure) {
      LOG.error("the control channel cannot be opened: {}", failure.getMessage());
      return false;
    }
    CompletableFuture<Boolean> orderly = new CompletableFuture<>();
    Threads.start("control receiver", () -> receive(link, orderly));
    Threads.start(
        "control",
        () -> {
          link.run();
          if (isEnding()) {
            orderly.complete(true);
          }
        });
    return orderly.join();
  }

  private void receive(Link link, CompletableFuture<Boolean> orderly) {
    try {
      orderly.complete(isClosedInOrder(link));
    } finally {
      orderly.complete(false); // unless it is known: there is not even memory to receive
    }
  }

  private boolean isClosedInOrder(Link link) {
    try {
      link.receive();
      return true;
    } catch (ProtocolException breach) {
      LOG.error("the host has broken the protocol: {}", breach.getMessage());
      return true;
    } catch (LostException gone) {
      return isEnding();
    }
  }

  /** Connects a channel and sends ATTACH. */
  static Channel attach(String endpoint, String token, Session session) throws IOException {
    Connection connection = Connection.connect(endpoint, Workers.CONNECT_TIME);
    Channel channel = new Channel(connection, session);
    try {
      String version = ProtocolVersion.CURRENT.toString();
      channel.send(new Message.Attach(token, version, ProcessHandle.current().pid()));
      return channel;
    } catch (ProtocolException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Tells whether the end is orderly and under way. */
  boolean isEnding() {
    return ending.getCount() == 0;
  }

  private static long writeCredit(long maxChunk) {
    return maxChunk * Limits.WINDOW_CHUNKS;
  }

  /** The host ends the lifeline as soon as it has the last answer. */
  @Override
  public boolean isLast(RunningCall call) {
    boolean isLast = call.method().equals("Shutdown") || workers == null;
    if (isLast) {
      ending.countDown();
    }
    return isLast;
  }

  @Override
  public Answer answer(RunningCall call) throws IOException {
    switch (call.method()) {
      case "Hello":
        return hello(call);
      case "OpenChannel":
        workers.open(call);
        return Answer.empty();
      case "Ping":
        return Answer.of(Map.of("workers", workers.reports()));
      case "Shutdown":
        workers.end();
        return Answer.empty();
      default:
        throw StorageException.unsupported(call.method());
    }
  }

  private Answer hello(RunningCall call) throws IOException {
    checkVersion(call.text("version"));
    Methods methods = new Methods(program.make(parameters));
    workers = new Workers(program.name(), methods, token, endpoint);
    long maxChunk = Math.min(Limits.MAX_CHUNK_BYTES, call.count("max_chunk"));
    return Answer.of(
        Map.of(
            "version", ProtocolVersion.CURRENT.toString(),
            "name", program.name(),
            "features", program.toldFeatures(),
            "max_channels", Workers.MAX_CHANNELS,
            "write_credit", writeCredit(maxChunk),
            "max_chunk", maxChunk));
  }

  private static void checkVersion(String host) throws StorageException {
    ProtocolVersion own = ProtocolVersion.CURRENT;
    Optional<ProtocolVersion> parsed = ProtocolVersion.parse(host);
    if (parsed.isEmpty()) {
      throw StorageException.protocolError(String.format("%.40s is no version", host));
    }
    if (parsed.get().major() != own.major()) {
      throw StorageException.of(
          ErrorCode.INCOMPATIBLE_VERSION.wireName(),
          "Incompatible version: the host speaks " + host + ", the driver " + own,
          Map.of("host_version", host, "driver_version", own.toString()));
    }
  }
}
