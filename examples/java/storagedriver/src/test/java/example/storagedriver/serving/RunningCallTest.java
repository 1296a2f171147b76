package example.storagedriver.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;

import example.storagedriver.wire.Limits;
import example.storagedriver.wire.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunningCallTest {
  @Test
  void piecesThatAreNotTakenYetAreJoined() throws IOException {
    Message.Request request = new Message.Request(1, "PutContent", Map.of(), null);
    RunningCall call = new RunningCall(null, request);
    for (int count = 0; count < Limits.MIN_CHUNK_BYTES; count++) {
      call.take(new Message.Chunk(1, ByteBuffer.wrap(new byte[] {(byte) count})));
    }
    ByteBuffer joined = call.nextPiece();
    assertEquals(Limits.MIN_CHUNK_BYTES, joined.remaining());
    assertEquals((byte) 4095, joined.get(4095));
  }
}
