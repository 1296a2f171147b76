package example.storagedriver.serving;

import static example.storagedriver.Vectors.bytes;
import static example.storagedriver.Vectors.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import example.storagedriver.StorageException.Failure;
import example.storagedriver.Vectors;
import example.storagedriver.wire.Decoder;
import example.storagedriver.wire.Encoder;
import example.storagedriver.wire.Message;
import example.storagedriver.wire.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class WireErrorsTest {
  @TestFactory
  Stream<DynamicTest> accepted() {
    return Vectors.each(
        "errors.json",
        "accept",
        vector -> {
          StorageException error = WireFields.fromWire(unpacked(vector));
          assertEquals(text(vector, "class"), error.code().wireName());
          assertEquals(meaning(vector), shown(vector, error));
          StorageException again = WireFields.fromWire(WireErrors.toWire(error));
          assertEquals(meaning(vector), shown(vector, again));
        });
  }

  @TestFactory
  Stream<DynamicTest> refused() {
    return Vectors.each(
        "errors.json",
        "reject",
        vector -> assertNull(WireFields.fromWire(unpacked(vector)), text(vector, "reason")));
  }

  private static Map<String, Object> unpacked(JsonObject vector) throws ProtocolException {
    // As it comes: in a response.
    byte[] map = bytes(vector, "bytes");
    byte[] header =
        ByteBuffer.allocate(4 + map.length)
            .put(new byte[] {(byte) 0x94, 1, 1})
            .put(map)
            .put((byte) 0xc0)
            .array();
    return ((Message.Response) Decoder.decode(header, null)).error();
  }

  private static Object meaning(JsonObject vector) {
    return Vectors.value(vector.get("meaning"));
  }

  private static Object shown(JsonObject vector, StorageException error) {
    Map<String, Object> wire = WireErrors.toWire(error);
    if (vector.getAsJsonObject("meaning").get("message").isJsonNull()) {
      wire.put("message", null);
    }
    return Vectors.normal(wire);
  }

  @Test
  void textsBeginAsThoseOfAHost() {
    Map<String, String> texts = new HashMap<>();
    for (JsonElement vector : Vectors.elements("errors.json").getAsJsonArray("accept")) {
      JsonObject meaning = vector.getAsJsonObject().getAsJsonObject("meaning");
      texts.put(text(vector.getAsJsonObject(), "name"), text(meaning, "message"));
    }
    for (ErrorCode code : ErrorCode.values()) {
      if (code.fields().equals(List.of("path"))) {
        String text = StorageException.ofPath(code, "/a/b").getMessage();
        assertEquals(texts.get(code.wireName()), text);
      }
    }
    String text = StorageException.invalidOffset("/a/b", -3).getMessage();
    assertEquals(texts.get("InvalidOffset"), text);
  }

  @Test
  void aParameterIsOneOfTheDriver() {
    StorageException made = StorageException.invalidParameter("bucket", "is missing");
    StorageException named = Failures.named(made, "s3");
    assertEquals("Invalid parameter 'bucket' of s3: is missing", named.getMessage());
    assertEquals("s3", named.field("name"));
    assertEquals("s3", named.driver());
  }

  @Test
  void whatIsTooLongIsCutAndTheMessageSaysSo() throws ProtocolException {
    Failure failure = new Failure("/\u00e4".repeat(1000), ErrorCode.INTERNAL);
    for (StorageException error :
        new StorageException[] {
          StorageException.notFound("/\u00e4".repeat(100_000)),
          StorageException.partial(Collections.nCopies(10_000, failure)),
          StorageException.of("x".repeat(100_000), "y".repeat(100_000), Map.of()),
          StorageException.of(
              "DriverCrashed", "m", Map.of("stderr", "\u00e4".repeat(100_000) + "end"))
        }) {
      Map<String, Object> wire = WireErrors.toWire(error);
      Encoder.encode(new Message.Response(1, wire, null, null));
      boolean isMarked = wire.get("message").toString().contains("cut: ");
      assertTrue(isMarked || error.codeName().startsWith("x"), error.codeName());
    }
  }

  @Test
  void halfASurrogatePairDoesNotKeepAnErrorFromArriving() throws ProtocolException {
    StorageException error = StorageException.notFound("/\ud800").because("\udfff");
    Encoder.encode(new Message.Response(1, WireErrors.toWire(error), null, null));
  }
}
