package example.storagedriver.wire;

import static example.storagedriver.Vectors.bytes;
import static example.storagedriver.Vectors.frame;
import static example.storagedriver.Vectors.normal;
import static example.storagedriver.Vectors.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import example.storagedriver.Vectors;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class WireVectorsTest {
  @TestFactory
  Stream<DynamicTest> messages() {
    return Vectors.each(
        "messages.json",
        "accept",
        vector -> {
          byte[] header = bytes(vector, "header");
          Message message = Decoder.decode(header, frame(vector, "content"));
          Object meaning = Vectors.value(vector.get("message"));
          assertEquals(meaning, elements(message));
          Encoder.Frames again = Encoder.encode(message);
          assertEquals(meaning, elements(Decoder.decode(again.header(), again.content())));
          if (Vectors.flag(vector, "canonical")) {
            // The order of keys is nobody's.
            assertEquals(header.length, again.header().length);
          }
        });
  }

  /** Returns a message as the vectors write it. */
  private static Map<String, Object> elements(Message message) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("kind", message.kind().toString());
    if (message instanceof Message.Attach attach) {
      all.put("token", attach.token());
      all.put("version", attach.version());
      all.put("pid", attach.pid());
      return all;
    }
    if (message instanceof Message.Close) {
      return all;
    }
    all.put("id", message.id());
    if (message instanceof Message.Request request) {
      all.put("method", request.method());
      all.put("params", normal(request.params()));
    } else if (message instanceof Message.Response response) {
      all.put("error", normal(response.error()));
      all.put("result", normal(response.result()));
    } else if (message instanceof Message.Credit credit) {
      all.put("bytes", credit.bytes());
    } else if (message instanceof Message.Start start) {
      all.put("info", normal(start.info()));
    }
    if (!List.of(Kind.CREDIT, Kind.START, Kind.CANCEL).contains(message.kind())) {
      all.put("content", message.content());
    }
    return all;
  }

  @TestFactory
  Stream<DynamicTest> rejects() {
    return Vectors.each(
        "rejects.json",
        "reject",
        vector ->
            assertThrows(
                ProtocolException.class,
                () -> Decoder.decode(bytes(vector, "header"), frame(vector, "content")),
                text(vector, "reason")));
  }

  @TestFactory
  Stream<DynamicTest> calls() {
    return Vectors.each(
        "calls.json",
        "accept",
        vector -> assertEquals(Vectors.value(vector.get("meaning")), normal(checked(vector))));
  }

  @TestFactory
  Stream<DynamicTest> callsThatAreRefused() {
    return Vectors.each(
        "calls.json",
        "reject",
        vector ->
            assertThrows(ProtocolException.class, () -> checked(vector), text(vector, "reason")));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> checked(JsonObject vector) throws ProtocolException {
    Object given = new Unpacking(bytes(vector, "bytes")).next();
    if (!(given instanceof Map<?, ?>)) {
      throw ProtocolException.of("a map is needed");
    }
    Map<String, Object> pairs = (Map<String, Object>) given;
    Call call = Call.of(text(vector, "method"));
    switch (text(vector, "part")) {
      case "params":
        return call.checkParams(pairs);
      case "result":
        return call.checkResult(pairs);
      default:
        return call.checkInfo(pairs);
    }
  }

  @TestFactory
  Stream<DynamicTest> listings() {
    return Vectors.each(
        "listings.json",
        "accept",
        vector -> assertEquals(Vectors.value(vector.get("entries")), normal(entries(vector))));
  }

  @TestFactory
  Stream<DynamicTest> listingsThatAreRefused() {
    return Vectors.each(
        "listings.json",
        "reject",
        vector ->
            assertThrows(ProtocolException.class, () -> entries(vector), text(vector, "reason")));
  }

  private static List<Object> entries(JsonObject vector) throws ProtocolException {
    Listing listing = new Listing(Call.of(text(vector, "method")));
    List<Object> entries = new ArrayList<>();
    for (JsonElement chunk : vector.getAsJsonArray("chunks")) {
      entries.addAll(listing.take(ByteBuffer.wrap(bytes(chunk))));
    }
    return entries;
  }

  @TestFactory
  Stream<DynamicTest> times() {
    return Vectors.each(
        "times.json",
        "accept",
        vector -> {
          Instant time = Times.fromWire(new Unpacking(bytes(vector, "bytes")).next());
          // The vectors' meanings are cut to microseconds.
          DateTimeFormatter format =
              DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
                  .withZone(ZoneOffset.UTC);
          assertEquals(text(vector, "meaning"), format.format(time));
          if (Vectors.flag(vector, "canonical")) {
            assertArrayEquals(bytes(vector, "bytes"), Packing.pack(Times.toWire(time)));
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> timesThatAreRefused() {
    return Vectors.each(
        "times.json",
        "reject",
        vector ->
            assertThrows(
                ProtocolException.class,
                () -> Times.fromWire(new Unpacking(bytes(vector, "bytes")).next()),
                text(vector, "reason")));
  }
}
