package example.storagedriver.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonObject;
import example.storagedriver.ErrorCode;
import example.storagedriver.Feature;
import example.storagedriver.Parameters;
import example.storagedriver.Program;
import example.storagedriver.StorageDriver;
import example.storagedriver.StorageException;
import example.storagedriver.session.Role;
import example.storagedriver.session.Session;
import example.storagedriver.session.Side;
import example.storagedriver.wire.Decoder;
import example.storagedriver.wire.Limits;
import example.storagedriver.wire.Message;
import example.storagedriver.zmtp.Connection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * The other end of a serving: it has its control channel. Its sessions refuse whatever the driver
 * may not send.
 */
final class Host implements AutoCloseable {
  static final String TOKEN = "k1";
  static final long WINDOW = (long) Limits.MAX_CHUNK_BYTES * Limits.WINDOW_CHUNKS;

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  final Path directory;
  final CompletableFuture<Boolean> orderly = new CompletableFuture<>();
  HostChannel control;
  private final Collection<AutoCloseable> open = new ArrayList<>();
  private long channels;

  Host() throws IOException {
    directory = Files.createTempDirectory("host");
  }

  /** Starts a host of a driver that is served in this process. */
  static Host of(StorageDriver driver, Feature... features) throws Exception {
    Host host = new Host();
    Program program = new Program("demo", Set.of(features), parameters -> driver);
    try (ServerSocketChannel listener = host.listen("0")) {
      Serving serving =
          new Serving(program, new Parameters(new JsonObject()), TOKEN, host.endpoint("0"));
      Threads.start("serving", () -> host.orderly.complete(serving.run()));
      host.control = host.accept(listener, Role.NEW);
    }
    return host;
  }

  String endpoint(String name) {
    return "ipc://" + directory.resolve(name);
  }

  ServerSocketChannel listen(String name) throws IOException {
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    open.add(listener);
    return listener.bind(UnixDomainSocketAddress.of(directory.resolve(name)));
  }

  HostChannel accept(ServerSocketChannel listener, Role role) throws Exception {
    Connection connection = Connection.open(listener.accept(), PATIENCE);
    open.add(connection);
    Session session = new Session(Side.HOST, role, Limits.MAX_CHUNK_BYTES, WINDOW);
    HostChannel channel = new HostChannel(connection, new Channel(connection, session));
    Message.Attach attach = (Message.Attach) channel.channel.receive();
    assertEquals(TOKEN, attach.token());
    return channel;
  }

  /** Says Hello, and returns the features. */
  Object hello() throws Exception {
    return control
        .succeed(
            "Hello",
            Map.of("version", "0.1", "features", List.of(), "max_chunk", Limits.MAX_CHUNK_BYTES),
            null)
        .result()
        .get("features");
  }

  /** Opens a worker channel, after Hello. */
  HostChannel worker() throws Exception {
    long number = ++channels;
    String name = Long.toString(number);
    try (ServerSocketChannel listener = listen(name)) {
      control.succeed("OpenChannel", Map.of("channel", number, "endpoint", endpoint(name)), null);
      return accept(listener, Role.WORKER);
    }
  }

  @Override
  public void close() throws Exception {
    for (AutoCloseable one : open) {
      one.close();
    }
    if (Files.exists(directory)) {
      try (Stream<Path> left = Files.list(directory)) {
        for (Path path : left.toList()) {
          Files.delete(path);
        }
      }
      Files.delete(directory);
    }
  }

  /** The host's end of a channel. Its connection is open to tests that break the rules. */
  static final class HostChannel {
    final Connection connection;
    final Channel channel;
    long last;

    private HostChannel(Connection connection, Channel channel) {
      this.connection = connection;
      this.channel = channel;
    }

    void request(String method, Map<String, Object> params, byte[] content) throws Exception {
      ByteBuffer wrapped = content == null ? null : ByteBuffer.wrap(content);
      channel.send(new Message.Request(++last, method, params, wrapped));
    }

    /** A response, and the content of the whole call. */
    record Ended(Message.Response response, byte[] content) {
      Map<String, Object> result() {
        assertNull(response.error());
        return response.result();
      }

      StorageException failure() {
        assertNotNull(response.error(), "it has succeeded");
        return WireFields.fromWire(response.error());
      }
    }

    Ended call(String method, Map<String, Object> params, byte[] content) throws Exception {
      request(method, params, content);
      return finish();
    }

    /** Takes messages until the response, and grants credit for them. */
    Ended finish() throws Exception {
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      while (true) {
        Message message = channel.receive();
        ByteBuffer piece = message.content();
        long grant = 0;
        if (piece != null) {
          byte[] copy = new byte[piece.remaining()];
          piece.duplicate().get(copy);
          content.writeBytes(copy);
          grant = channel.consume(copy.length);
        }
        if (message instanceof Message.Response response) {
          return new Ended(response, content.toByteArray());
        }
        if (grant > 0) {
          channel.send(new Message.Credit(last, grant));
        }
      }
    }

    Ended succeed(String method, Map<String, Object> params, byte[] content) throws Exception {
      Ended ended = call(method, params, content);
      assertNull(ended.response.error(), method);
      return ended;
    }

    StorageException fail(String method, Map<String, Object> params, byte[] content, ErrorCode code)
        throws Exception {
      StorageException failure = call(method, params, content).failure();
      assertEquals(code, failure.code(), failure.getMessage());
      return failure;
    }

    /** Takes messages until the driver says that the protocol was broken, and closes. */
    void refused() throws Exception {
      Message.Response response = null;
      while (response == null || response.error() == null) {
        Connection.Frames frames = connection.receive();
        Message message = Decoder.decode(frames.header(), frames.content());
        response = message instanceof Message.Response one ? one : null;
      }
      assertEquals("ProtocolError", response.error().get("code"));
      assertThrows(IOException.class, connection::receive);
    }
  }
}
