package example.storagedriver;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;

/** The test vectors of the protocol: PROTOCOL.md, section 16. */
public final class Vectors {
  private Vectors() {}

  /** Where they are: STORAGEDRIVER_VECTORS, or their place in the repository. */
  public static Path directory() {
    String given = System.getenv("STORAGEDRIVER_VECTORS");
    // Tests run in the folder of their module.
    return given == null ? Path.of("../../../ipc/spec/vectors") : Path.of(given);
  }

  /** Something that may be thrown by a test of a vector. */
  public interface Test {
    void run(JsonObject vector) throws Exception;
  }

  /** Returns a test for each vector of an array of a file. */
  public static Stream<DynamicTest> each(String file, String array, Test test) {
    return elements(file).getAsJsonArray(array).asList().stream()
        .map(JsonElement::getAsJsonObject)
        .map(vector -> DynamicTest.dynamicTest(text(vector, "name"), () -> test.run(vector)));
  }

  /** Returns all of a file. */
  public static JsonObject elements(String file) {
    try {
      return JsonParser.parseString(Files.readString(directory().resolve(file))).getAsJsonObject();
    } catch (IOException failure) {
      throw new UncheckedIOException("STORAGEDRIVER_VECTORS says where they are", failure);
    }
  }

  /** Returns a text of a vector, null if it is absent. */
  public static String text(JsonObject vector, String name) {
    return isAbsent(vector, name) ? null : vector.get(name).getAsString();
  }

  /** Tells whether a flag of a vector is set. */
  public static boolean flag(JsonObject vector, String name) {
    return !isAbsent(vector, name) && vector.get(name).getAsBoolean();
  }

  private static boolean isAbsent(JsonObject vector, String name) {
    return !vector.has(name) || vector.get(name).isJsonNull();
  }

  /** Returns bytes of a vector, null if they are absent. */
  public static byte[] bytes(JsonObject vector, String name) {
    return isAbsent(vector, name) ? null : bytes(vector.get(name));
  }

  /** Returns bytes of a vector as a frame, null if they are absent. */
  public static ByteBuffer frame(JsonObject vector, String name) {
    return isAbsent(vector, name) ? null : ByteBuffer.wrap(bytes(vector.get(name)));
  }

  /** Returns what hexadecimal text means, or parts to be joined, each a text or [text, times]. */
  public static byte[] bytes(JsonElement element) {
    if (element.isJsonPrimitive()) {
      return HexFormat.of().parseHex(element.getAsString());
    }
    StringBuilder joined = new StringBuilder();
    for (JsonElement part : element.getAsJsonArray()) {
      if (part instanceof JsonArray repeated) {
        joined.append(repeated.get(0).getAsString().repeat(repeated.get(1).getAsInt()));
      } else {
        joined.append(part.getAsString());
      }
    }
    return HexFormat.of().parseHex(joined);
  }

  /** Returns a meaning as a value of the wire, in its {@link #normal} form. */
  public static Object value(JsonElement meaning) {
    if (meaning == null || meaning.isJsonNull()) {
      return null;
    }
    if (meaning instanceof JsonObject pairs) {
      return pairs(pairs);
    }
    if (meaning instanceof JsonArray items) {
      return StreamSupport.stream(items.spliterator(), false)
          .collect(ArrayList::new, (all, item) -> all.add(value(item)), ArrayList::addAll);
    }
    if (meaning.getAsJsonPrimitive().isNumber()) {
      return number(meaning.getAsString());
    }
    return meaning.getAsJsonPrimitive().isBoolean()
        ? (Object) meaning.getAsBoolean()
        : meaning.getAsString();
  }

  private static Object pairs(JsonObject pairs) {
    if (pairs.has("$integer")) {
      return number(pairs.get("$integer").getAsString());
    }
    if (pairs.has("$binary")) {
      return ByteBuffer.wrap(bytes(pairs.get("$binary")));
    }
    if (pairs.has("$text")) {
      return new String(bytes(pairs.get("$text")), StandardCharsets.UTF_8);
    }
    Map<String, Object> values = new LinkedHashMap<>();
    pairs.entrySet().forEach(pair -> values.put(pair.getKey(), value(pair.getValue())));
    return values;
  }

  private static Object number(String text) {
    return text.matches("-?[0-9]+") ? normal(new BigInteger(text)) : normal(Double.valueOf(text));
  }

  /** Returns a value in the form in which values are compared: by value, whatever their type. */
  public static Object normal(Object value) {
    if (value instanceof BigInteger number && number.bitLength() < Long.SIZE) {
      return number.longValue();
    }
    if (value instanceof Double number && number == number.longValue()) {
      return number.longValue();
    }
    if (value instanceof Integer number) {
      return number.longValue();
    }
    if (value instanceof byte[] binary) {
      return ByteBuffer.wrap(binary);
    }
    if (value instanceof List<?> items) {
      List<Object> all = new ArrayList<>();
      items.forEach((Consumer<Object>) item -> all.add(normal(item)));
      return all;
    }
    if (value instanceof Map<?, ?> pairs) {
      Map<String, Object> all = new LinkedHashMap<>();
      pairs.forEach((key, item) -> all.put((String) key, normal(item)));
      return all;
    }
    return value;
  }
}
