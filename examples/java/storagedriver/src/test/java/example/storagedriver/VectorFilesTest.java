package example.storagedriver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No vector is left out because nobody knows of it here. */
class VectorFilesTest {
  private static final Set<String> FILES =
      Set.of(
          "calls.json",
          "errors.json",
          "listings.json",
          "messages.json",
          "rejects.json",
          "sequences.json",
          "times.json",
          "versions.json");

  private static final Set<String> ARRAYS = Set.of("title", "accept", "reject", "agree");

  @Test
  void allFilesAreKnown() throws IOException {
    try (Stream<Path> all = Files.list(Vectors.directory())) {
      Set<String> found = new TreeSet<>();
      all.map(path -> path.getFileName().toString())
          .filter(name -> name.endsWith(".json") && !name.endsWith(".schema.json"))
          .forEach(found::add);
      assertEquals(new TreeSet<>(FILES), found);
    }
  }

  @Test
  void allArraysAreKnown() {
    for (String file : FILES) {
      assertTrue(ARRAYS.containsAll(Vectors.elements(file).keySet()), file);
    }
  }
}
