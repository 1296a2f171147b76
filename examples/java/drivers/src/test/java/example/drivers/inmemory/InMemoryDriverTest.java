package example.drivers.inmemory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import example.drivers.Contents;
import example.drivers.Failing;
import example.storagedriver.ErrorCode;
import example.storagedriver.Parameters;
import example.storagedriver.ReadStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class InMemoryDriverTest {
  private InMemoryDriver driver;

  @BeforeEach
  void make() throws IOException {
    driver = new InMemoryDriver(new Parameters(new JsonObject()));
  }

  @Test
  void parametersAreRefused() {
    JsonObject given = new JsonObject();
    given.addProperty("a", true);
    Failing.with(ErrorCode.INVALID_PARAMETERS, () -> new InMemoryDriver(new Parameters(given)));
  }

  @Test
  void writesAtEveryOffset() throws IOException {
    String whole = "0123456789".repeat(20_000);
    for (int first : new int[] {0, 1, 70_000, 150_000}) {
      for (int second : new int[] {0, 1, 65_536, 149_999}) {
        int earlier = Math.min(first, second);
        driver.putContent("/a", Contents.of(whole.substring(0, first)));
        driver.writeStream("/a", first, Contents.of(whole.substring(first)));
        driver.writeStream("/a", earlier, Contents.of(whole.substring(earlier)));
        assertEquals(whole.substring(earlier), Contents.get(driver, "/a", earlier));
        assertEquals(whole, Contents.get(driver, "/a", 0));
      }
    }
  }

  @Test
  void anOpenStreamKeepsWhatItHasOpened() throws IOException {
    driver.putContent("/a", Contents.of("old content"));
    try (ReadStream stream = driver.readStream("/a", 0)) {
      driver.writeStream("/a", 3, Contents.of("!"));
      assertEquals("old content", Contents.all(stream));
    }
    assertEquals("old!", Contents.get(driver, "/a", 0));
  }

  @Test
  void aFailedWriteChangesNothing() throws IOException {
    driver.putContent("/a", Contents.of("old"));
    assertThrows(IOException.class, () -> driver.writeStream("/a", 1, Contents.failing("x")));
    assertThrows(IOException.class, () -> driver.putContent("/a", Contents.failing("x")));
    assertEquals("old", Contents.get(driver, "/a", 0));
  }

  private static Segments segments(String text) {
    return Segments.copyOf(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void manySmallAppendsAreJoined() {
    Segments content = Segments.NONE;
    for (int count = 0; count < 10_000; count++) {
      content = content.appended(segments("0123456789"));
    }
    assertEquals(100_000, content.size());
    assertTrue(content.runs().size() <= 2);
  }

  @Test
  void aSharedRunIsNotWrittenTo() {
    Segments content = segments("0123456789");
    Segments one = content.cut(5).appended(segments("one"));
    Segments two = content.cut(5).appended(segments("two"));
    assertEquals(segments("0123456789"), content);
    assertEquals(segments("01234one"), one);
    assertEquals(segments("01234two"), two);
  }
}
