package example.storagedriver.serving;

import static example.storagedriver.serving.Host.WINDOW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import example.storagedriver.ErrorCode;
import example.storagedriver.Feature;
import example.storagedriver.StorageException;
import example.storagedriver.serving.Host.HostChannel;
import example.storagedriver.wire.Call;
import example.storagedriver.wire.Listing;
import example.storagedriver.wire.Message;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ServingTest {
  private static final Map<String, Object> ON_PATH = Map.of("path", "/a");
  private static final Map<String, Object> TO_READ =
      Map.of("path", "/a", "offset", 0, "credit", WINDOW);
  private static final Map<String, Object> TO_WRITE = Map.of("path", "/a", "offset", 0);

  private final FakeDriver driver = new FakeDriver();
  private Host host;

  @AfterEach
  void close() throws Exception {
    if (driver.statWaits != null) {
      driver.statWaits.countDown();
    }
    host.close();
  }

  private HostChannel worker() throws Exception {
    host = Host.of(driver);
    host.hello();
    return host.worker();
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void aLife() throws Exception {
    host = Host.of(driver);
    assertEquals(List.of("ping"), host.hello());
    HostChannel worker = host.worker();
    Map<String, Object> put =
        worker.succeed("PutContent", Map.of("path", "/a", "end", true), text("hi")).result();
    assertEquals(2L, put.get("written"));
    HostChannel.Ended got =
        worker.succeed("GetContent", Map.of("path", "/a", "credit", WINDOW), null);
    assertArrayEquals(text("hi"), got.content());
    worker.channel.send(new Message.Close());
    host.control.succeed("Shutdown", Map.of(), null);
    assertTrue(host.orderly.get());
    assertTrue(driver.isClosed);
  }

  @Test
  void errorsArrive() throws Exception {
    HostChannel worker = worker();
    Map<String, Object> move = Map.of("source", "/a", "destination", "/b");
    StorageException failure = worker.fail("Move", move, null, ErrorCode.PATH_NOT_FOUND);
    assertEquals("/a", failure.field("path"));
    assertEquals("demo", failure.driver());
    StorageException bug = worker.fail("Delete", ON_PATH, null, ErrorCode.INTERNAL);
    assertTrue(bug.getMessage().contains("a bug"));
    for (String method : List.of("Fly", "OpenUpload")) {
      worker.fail(method, ON_PATH, null, ErrorCode.UNSUPPORTED_METHOD);
    }
    Map<String, Object> walk = Map.of("path", "/", "credit", WINDOW);
    worker.fail("Walk", walk, null, ErrorCode.UNSUPPORTED_METHOD);
    worker.fail("Fly", ON_PATH, text("of a later version"), ErrorCode.UNSUPPORTED_METHOD);
  }

  @Test
  void listsAreSorted() throws Exception {
    Map<String, Object> params = Map.of("path", "/", "start_after", "/a", "credit", WINDOW);
    HostChannel.Ended ended = worker().succeed("List", params, null);
    List<List<Object>> entries =
        new Listing(Call.of("List")).take(ByteBuffer.wrap(ended.content()));
    assertEquals(List.of("b", "c"), entries.stream().map(entry -> entry.get(0)).toList());
    assertEquals(2L, ended.result().get("count"));
  }

  @Test
  void largeContentGoesThereAndBack() throws Exception {
    HostChannel worker = worker();
    byte[] sent = new byte[10 << 20];
    for (int index = 0; index < sent.length; index++) {
      sent[index] = (byte) (index * 31 + (index >> 12));
    }
    worker.request("WriteStream", TO_WRITE, null);
    for (int begin = 0; begin < sent.length; ) {
      while (worker.channel.sendable() == 0) {
        assertInstanceOf(Message.Credit.class, worker.channel.receive());
      }
      int size = (int) Math.min(worker.channel.sendable(), sent.length - begin);
      worker.channel.send(
          new Message.Chunk(worker.last, ByteBuffer.wrap(sent, begin, size).slice()));
      begin += size;
    }
    worker.channel.send(new Message.End(worker.last, null));
    assertEquals((long) sent.length, worker.finish().result().get("written"));
    assertArrayEquals(sent, worker.succeed("ReadStream", TO_READ, null).content());
  }

  @Test
  void aReadWaitsForCredit() throws Exception {
    driver.content = new byte[10_000];
    HostChannel worker = worker();
    worker.request("ReadStream", Map.of("path", "/a", "offset", 0, "credit", 4096), null);
    Message.Start start = (Message.Start) worker.channel.receive();
    assertEquals(10_000L, start.info().get("size"));
    assertEquals(4096, worker.channel.receive().content().remaining());
    worker.channel.send(new Message.Credit(worker.last, 1 << 20));
    assertEquals(10_000 - 4096, worker.finish().content().length);
  }

  @Test
  void aReadThatEndsEarlyIsAnError() throws Exception {
    driver.content = new byte[100];
    driver.missing = 1;
    worker().fail("ReadStream", TO_READ, null, ErrorCode.CONTENT_CHANGED);
  }

  @Test
  void anotherVersionIsAnError() throws Exception {
    driver.content = text("x");
    Map<String, Object> params =
        Map.of("path", "/a", "offset", 0, "credit", WINDOW, "version", text("w"));
    worker().fail("ReadStream", params, null, ErrorCode.CONTENT_CHANGED);
  }

  @Test
  void smallPiecesOfUnknownSizeAreGathered() throws Exception {
    driver.content = new byte[10_000];
    driver.isSizeUnknown = true;
    driver.pieceBytes = 3;
    HostChannel worker = worker();
    worker.request("ReadStream", TO_READ, null);
    int messages = 0;
    while (!(worker.channel.receive() instanceof Message.Response)) {
      messages++;
    }
    assertTrue(messages <= 4, messages + " messages");
  }

  @Test
  void aWriteThatStopsEarlyHasFailed() throws Exception {
    driver.stopsEarly = true;
    Map<String, Object> params = Map.of("path", "/a", "offset", 0, "end", true);
    StorageException failure = worker().fail("WriteStream", params, text("hi"), ErrorCode.INTERNAL);
    assertEquals(0L, failure.stored());
  }

  @Test
  void aCancelledWriteTellsWhatIsStored() throws Exception {
    HostChannel worker = worker();
    worker.request("WriteStream", TO_WRITE, text("hi"));
    worker.channel.send(new Message.Cancel(worker.last));
    StorageException failure = worker.finish().failure();
    assertEquals(ErrorCode.CANCELLED, failure.code());
    assertNotNull(failure.stored());
    worker.succeed("Stat", ON_PATH, null);
  }

  @Test
  void aCancelledPutPublishesNothing() throws Exception {
    driver.content = text("old");
    HostChannel worker = worker();
    worker.request("PutContent", ON_PATH, text("new"));
    worker.channel.send(new Message.Cancel(worker.last));
    assertEquals(ErrorCode.CANCELLED, worker.finish().failure().code());
    assertArrayEquals(text("old"), driver.content);
  }

  @Test
  void aLostChannelCancelsItsCall() throws Exception {
    HostChannel worker = worker();
    worker.request("WriteStream", TO_WRITE, text("hi"));
    worker.connection.close();
    assertTrue(driver.writeFailed.await(20, TimeUnit.SECONDS));
  }

  @Test
  void aClosedChannelCancelsItsCall() throws Exception {
    HostChannel worker = worker();
    worker.request("WriteStream", TO_WRITE, text("hi"));
    worker.channel.send(new Message.Close());
    assertTrue(driver.writeFailed.await(20, TimeUnit.SECONDS));
  }

  @Test
  void pingIsAnsweredWhileCallsRun() throws Exception {
    driver.statWaits = new CountDownLatch(1);
    HostChannel worker = worker();
    worker.request("Stat", ON_PATH, null);
    List<?> workers = List.of();
    while (workers.isEmpty()) {
      workers = (List<?>) host.control.succeed("Ping", Map.of(), null).result().get("workers");
    }
    assertEquals("Stat", ((Map<?, ?>) workers.get(0)).get("method"));
    driver.statWaits.countDown();
    worker.finish();
  }

  @Test
  void channelsAreCounted() throws Exception {
    HostChannel last = worker();
    for (int count = 1; count < Workers.MAX_CHANNELS; count++) {
      last = host.worker();
    }
    Map<String, Object> params = Map.of("channel", 100, "endpoint", host.endpoint("none"));
    StorageException failure =
        host.control.fail("OpenChannel", params, null, ErrorCode.TOO_MANY_CHANNELS);
    assertEquals((long) Workers.MAX_CHANNELS, failure.field("limit"));
    assertTrue(failure.isTemporary());
    last.connection.close();
    while (host.control.call("OpenChannel", params, null).response().error() != null) {
      Thread.onSpinWait(); // the place is free as soon as the loss is seen
    }
  }

  @Test
  void channelsElsewhereAreRefused() throws Exception {
    worker();
    Map<String, Object> params = Map.of("channel", 9, "endpoint", "tcp://192.0.2.1:9");
    StorageException failure =
        host.control.fail("OpenChannel", params, null, ErrorCode.INVALID_PARAMETERS);
    assertEquals("demo", failure.field("name"));
  }

  @Test
  void featuresWithoutTheirMethodsFailHello() throws Exception {
    host = Host.of(driver, Feature.WALK);
    Map<String, Object> params = Map.of("version", "0.1", "features", List.of(), "max_chunk", 4096);
    host.control.fail("Hello", params, null, ErrorCode.INTERNAL);
    assertTrue(host.orderly.get());
  }

  @Test
  void anotherVersionFailsHello() throws Exception {
    host = Host.of(driver);
    Map<String, Object> params = Map.of("version", "1.0", "features", List.of(), "max_chunk", 4096);
    StorageException failure =
        host.control.fail("Hello", params, null, ErrorCode.INCOMPATIBLE_VERSION);
    assertEquals("1.0", failure.field("host_version"));
  }

  @Test
  void whatIsNoVersionFailsHello() throws Exception {
    host = Host.of(driver);
    Map<String, Object> params = Map.of("version", "1", "features", List.of(), "max_chunk", 4096);
    host.control.fail("Hello", params, null, ErrorCode.PROTOCOL_ERROR);
    assertTrue(host.orderly.get());
  }

  @Test
  void aLostControlChannelIsNoOrderlyEnd() throws Exception {
    worker();
    host.control.connection.close();
    assertFalse(host.orderly.get());
  }

  @Test
  void aBreachInAWriteIsToldAndCancelsIt() throws Exception {
    HostChannel worker = worker();
    worker.request("WriteStream", TO_WRITE, null);
    byte[] chunkOfAnotherCall = {(byte) 0x92, 2, 5};
    worker.connection.send(chunkOfAnotherCall, ByteBuffer.wrap(text("x")));
    worker.refused();
    assertTrue(driver.writeFailed.await(20, TimeUnit.SECONDS));
  }

  @Test
  void manyTinyPiecesCostLittle() throws Exception {
    HostChannel worker = worker();
    worker.request("PutContent", ON_PATH, null);
    byte[] expected = new byte[10_000];
    for (int count = 0; count < expected.length; count++) {
      expected[count] = (byte) count;
      ByteBuffer piece = ByteBuffer.wrap(new byte[] {(byte) count});
      worker.channel.send(new Message.Chunk(worker.last, piece));
    }
    worker.channel.send(new Message.End(worker.last, null));
    assertEquals((long) expected.length, worker.finish().result().get("written"));
    assertArrayEquals(expected, driver.content);
  }
}
