package example.storagedriver;

import static example.storagedriver.Vectors.text;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class ProtocolVersionTest {
  @TestFactory
  Stream<DynamicTest> accepted() {
    return Vectors.each(
        "versions.json",
        "accept",
        vector -> {
          ProtocolVersion expected =
              new ProtocolVersion(vector.get("major").getAsInt(), vector.get("minor").getAsInt());
          assertEquals(Optional.of(expected), ProtocolVersion.parse(text(vector, "text")));
        });
  }

  @TestFactory
  Stream<DynamicTest> refused() {
    return Vectors.each(
        "versions.json",
        "reject",
        vector -> assertEquals(Optional.empty(), ProtocolVersion.parse(text(vector, "text"))));
  }

  @TestFactory
  Stream<DynamicTest> agreed() {
    return Vectors.each(
        "versions.json",
        "agree",
        vector -> {
          Optional<ProtocolVersion> spoken =
              ProtocolVersion.agreed(
                  parsed(text(vector, "host")),
                  parsed(text(vector, "oldest")),
                  parsed(text(vector, "driver")));
          assertEquals(text(vector, "speak"), spoken.map(ProtocolVersion::toString).orElse(null));
        });
  }

  private static ProtocolVersion parsed(String text) {
    return ProtocolVersion.parse(text).orElseThrow();
  }
}
