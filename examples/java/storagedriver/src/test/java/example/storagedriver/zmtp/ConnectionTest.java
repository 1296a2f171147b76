package example.storagedriver.zmtp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import example.storagedriver.Buffers;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ConnectionTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final byte[] HEADER = {'h'};

  private SocketChannel near;
  private SocketChannel far;

  @BeforeEach
  void connect(@TempDir Path directory) throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("s"));
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(address);
      near = SocketChannel.open(address);
      far = listener.accept();
    }
  }

  @AfterEach
  void close() throws IOException {
    near.close();
    far.close();
  }

  private record Pair(Connection near, Connection far) {}

  private Pair greeted() throws Exception {
    CompletableFuture<Connection> opened =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return Connection.open(far, PATIENCE);
              } catch (IOException failure) {
                throw new IllegalStateException(failure);
              }
            });
    return new Pair(Connection.open(near, PATIENCE), opened.get());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 255, 256, 40_000, 1 << 17, Buffers.CHUNK_BYTES - 1, Buffers.CHUNK_BYTES})
  void messagesArriveAsTheyWereSent(int size) throws Exception {
    Pair pair = greeted();
    byte[] content = new byte[size];
    Arrays.fill(content, (byte) size);
    CompletableFuture<Void> sent =
        CompletableFuture.runAsync(
            () -> {
              try {
                pair.near.send(content, null);
                pair.near.send(HEADER, ByteBuffer.wrap(content));
                pair.near.send(new byte[0], null);
              } catch (IOException failure) {
                throw new IllegalStateException(failure);
              }
            });
    Connection.Frames first = pair.far.receive();
    assertArrayEquals(content, first.header());
    assertNull(first.content());
    Connection.Frames second = pair.far.receive();
    assertArrayEquals(HEADER, second.header());
    assertEquals(ByteBuffer.wrap(content), second.content());
    Buffers.release(second.content());
    assertEquals(0, pair.far.receive().header().length);
    sent.get();
  }

  @ParameterizedTest
  @CsvSource({
    "a frame of four exabytes,   023fffffffffffffff",
    "a frame of a negative size, 02ffffffffffffffff",
    "a third frame,              010161010162000163",
    "an unknown flag,            080161",
    "a command in a message,     010161040162",
    "a command that is to go on, 050161"
  })
  void whatIsNotAllowed(String name, String sent) throws Exception {
    Pair pair = greeted();
    near.write(ByteBuffer.wrap(HexFormat.of().parseHex(sent)));
    assertThrows(BreachException.class, pair.far::receive, name);
  }

  @Test
  void commandsAreLeftOut() throws Exception {
    Pair pair = greeted();
    near.write(ByteBuffer.wrap(HexFormat.of().parseHex("04050450494e47" + "000168")));
    assertArrayEquals(HEADER, pair.far.receive().header());
  }

  @Test
  void anEndIsNoticed() throws Exception {
    Pair pair = greeted();
    pair.near.close();
    assertThrows(EOFException.class, pair.far::receive);
  }

  @Test
  void aSendEndsInTimeWhenNobodyReads() throws Exception {
    Pair pair = greeted();
    pair.near.closeAfter(Duration.ofMillis(50));
    ByteBuffer content = ByteBuffer.allocate(Buffers.CHUNK_BYTES);
    assertThrows(
        IOException.class,
        () -> {
          while (true) {
            pair.near.send(HEADER, content);
          }
        });
  }

  @ParameterizedTest
  @CsvSource({
    "no ZeroMQ,            0,  xxxxxxxxxx,                    ''",
    "an old version,       10, '\u0001',                      ''",
    "another mechanism,    12, CURVE,                         ''",
    "no command,           64, '',                            0000",
    "an error,             64, '',                            0407054552524f5200",
    "no type,              64, '',                            0406055245414459",
    "a property cut short, 64, '',                            04090552454144590b536f",
    "another type, 64, '', 041a0552454144590b536f636b65742d5479706500000003524550"
  })
  void greetingsThatAreRefused(String name, int at, String text, String behind) throws Exception {
    byte[] greeting = Arrays.copyOf(Greeting.ours().array(), Greeting.BYTES);
    byte[] changed = text.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(
        changed, 0, greeting, Math.min(at, Greeting.BYTES - changed.length), changed.length);
    far.write(ByteBuffer.wrap(greeting));
    far.write(ByteBuffer.wrap(HexFormat.of().parseHex(behind)));
    far.shutdownOutput();
    assertThrows(IOException.class, () -> Connection.open(near, PATIENCE), name);
  }

  @Test
  void aSilentPeerEndsTheGreeting() {
    assertThrows(IOException.class, () -> Connection.open(near, Duration.ofMillis(50)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "ipc", "http://x", "tcp://localhost", "tcp://localhost:x", "tcp://:9999999"})
  void whatIsNoEndpoint(String endpoint) {
    assertThrows(IOException.class, () -> Connection.connect(endpoint, PATIENCE));
  }
}
