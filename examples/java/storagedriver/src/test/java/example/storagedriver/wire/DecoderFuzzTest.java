package example.storagedriver.wire;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.google.gson.JsonElement;
import example.storagedriver.Vectors;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever comes is a message, or a breach of the protocol: nothing else is thrown. */
class DecoderFuzzTest {
  private static final int ROUNDS = 200;

  private final Random random = new Random(2015);

  @Test
  void messagesWithWrongBytes() {
    for (JsonElement vector : Vectors.elements("messages.json").getAsJsonArray("accept")) {
      byte[] header = Vectors.bytes(vector.getAsJsonObject(), "header");
      for (int round = 0; round < ROUNDS; round++) {
        decode(changed(header));
      }
    }
  }

  @Test
  void randomBytes() {
    for (int round = 0; round < 50 * ROUNDS; round++) {
      byte[] header = new byte[random.nextInt(40)];
      random.nextBytes(header);
      decode(header);
    }
  }

  private byte[] changed(byte[] header) {
    byte[] changed = Arrays.copyOf(header, random.nextInt(header.length) + 1 + random.nextInt(3));
    for (int count = random.nextInt(3); count >= 0; count--) {
      changed[random.nextInt(changed.length)] = (byte) random.nextInt();
    }
    return changed;
  }

  private static void decode(byte[] header) {
    try {
      assertNotNull(Decoder.decode(header, null));
    } catch (ProtocolException breach) {
      assertNotNull(breach.getMessage());
    }
  }
}
