package example.storagedriver.serving;

import example.storagedriver.serving.Host.HostChannel;
import example.storagedriver.wire.Encoder;
import example.storagedriver.wire.Message;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/** A host that breaks the protocol is told, and its channel closed. */
@Timeout(60)
class BreachTest {
  /** What a host does. */
  private interface Breach {
    void commit(HostChannel worker) throws Exception;
  }

  @TestFactory
  Stream<DynamicTest> breaches() throws Exception {
    byte[] stat =
        Encoder.encode(new Message.Request(1, "Stat", Map.of("path", "/a"), null)).header();
    return Stream.of(
        refused("garbage", worker -> send(worker, "67617262616765")),
        refused("nothing", worker -> send(worker, "")),
        refused(
            "a huge frame",
            worker -> worker.connection.send(new byte[1], ByteBuffer.allocate((1 << 20) + 1))),
        refused("an ATTACH", worker -> send(worker, "9406a16ba3302e3101")),
        refused("a control call", worker -> send(worker, "940001a450696e6780")),
        refused(
            "content for Stat",
            worker -> worker.connection.send(stat, ByteBuffer.wrap(new byte[7]))),
        refused(
            "an id again",
            worker -> {
              worker.connection.send(stat, null);
              worker.connection.send(stat, null);
            }));
  }

  private static void send(HostChannel worker, String header) throws Exception {
    worker.connection.send(HexFormat.of().parseHex(header), null);
  }

  private static DynamicTest refused(String name, Breach breach) {
    return DynamicTest.dynamicTest(
        name,
        () -> {
          try (Host host = Host.of(new FakeDriver())) {
            host.hello();
            HostChannel worker = host.worker();
            breach.commit(worker);
            worker.refused();
          }
        });
  }
}
