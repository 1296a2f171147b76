package example.drivers.filesystem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import example.drivers.Contents;
import example.drivers.Failing;
import example.storagedriver.ErrorCode;
import example.storagedriver.Parameters;
import example.storagedriver.ReadStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class FilesystemDriverTest {
  private Path root;
  private FilesystemDriver driver;

  @BeforeEach
  void make(@TempDir Path directory) throws IOException {
    root = directory;
    driver = Store.driver(root);
  }

  private void put(String path, String content) throws IOException {
    driver.putContent(path, Contents.of(content));
  }

  private String get(String path) throws IOException {
    return Contents.get(driver, path, 0);
  }

  private List<String> left() throws IOException {
    try (Stream<Path> all = Files.list(root)) {
      return all.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'rootdirectory': 'relative'}",
        "{'rootdirectory': true}",
        "{'rootdirectory': '/\\u0000'}",
        "{'rootdirectory': '/tmp', 'unknown': true}",
        "{'rootdirectory': '/tmp', 'durability': 'some'}",
        "{'rootdirectory': '/tmp', 'uploadexpiry': -1}",
        "{'rootdirectory': '/tmp', 'uploadexpiry': '1'}"
      })
  void parametersAreChecked(String json) {
    JsonObject given = JsonParser.parseString(json.replace('\'', '"')).getAsJsonObject();
    Failing.with(ErrorCode.INVALID_PARAMETERS, () -> new FilesystemDriver(new Parameters(given)));
  }

  @Test
  void nothingOutsideTheRootIsReached(@TempDir Path outside) throws IOException {
    Path secret = Files.writeString(outside.resolve("secret"), "secret");
    Files.createSymbolicLink(root.resolve("directory"), outside);
    Files.createSymbolicLink(root.resolve("file"), secret);
    for (String path : List.of("/file", "/directory", "/directory/secret")) {
      ErrorCode denied = ErrorCode.PERMISSION_DENIED;
      Failing.with(denied, () -> driver.readStream(path, 0));
      Failing.with(denied, () -> driver.stat(path));
      Failing.with(denied, () -> put(path, "x"));
      Failing.with(denied, () -> driver.writeStream(path, 0, Contents.of("x")));
      Failing.with(denied, () -> driver.move(path, "/moved"));
      Failing.with(denied, () -> driver.delete(path));
    }
    for (String path : List.of("/../secret", "/a/../../x", "//x", "x", "/.staging~", "/", "/a\n")) {
      Failing.with(ErrorCode.INVALID_PATH, () -> put(path, "x"));
    }
    assertTrue(driver.list("/").isEmpty());
    assertEquals("secret", Files.readString(secret));
    try (Stream<Path> files = Files.list(outside)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void aFifoHoldsUpNobody() throws Exception {
    assertEquals(0, new ProcessBuilder("mkfifo", root + "/fifo").start().waitFor());
    Failing.with(ErrorCode.PERMISSION_DENIED, () -> driver.readStream("/fifo", 0));
    Failing.with(
        ErrorCode.PERMISSION_DENIED, () -> driver.writeStream("/fifo", 0, Contents.of("x")));
    Failing.with(ErrorCode.PERMISSION_DENIED, () -> put("/fifo/x", "x"));
  }

  @ParameterizedTest
  @CsvSource({"0, '', 0123456789", "0, abc, abc", "2, '', 0123456789", "2, abc, 01abc"})
  void aFailedWriteKeepsAPrefix(long offset, String given, String stored) throws IOException {
    put("/a", "0123456789");
    assertThrows(
        IOException.class, () -> driver.writeStream("/a", offset, Contents.failing(given)));
    assertEquals(stored, get("/a"));
  }

  @Test
  void aWriteThatFailsAtOnceLeavesNoDirectory() throws IOException {
    assertThrows(IOException.class, () -> driver.writeStream("/new/b", 0, Contents.failing("")));
    assertFalse(Files.exists(root.resolve("new")));
  }

  @Test
  void aPutThatFailsLeavesNothing() throws IOException {
    put("/a", "old");
    assertThrows(IOException.class, () -> driver.putContent("/a", Contents.failing("new")));
    assertThrows(IOException.class, () -> driver.putContent("/b/c", Contents.failing("new")));
    assertEquals("old", get("/a"));
    assertEquals(List.of(".staging~", "a"), left());
    try (Stream<Path> staged = Files.list(root.resolve(".staging~"))) {
      assertEquals(0, staged.count());
    }
  }

  @Test
  void anObjectThatIsCutWhileItIsRead() throws IOException {
    put("/a", "0123456789");
    try (ReadStream stream = driver.readStream("/a", 0);
        FileChannel file = FileChannel.open(root.resolve("a"), StandardOpenOption.WRITE)) {
      file.truncate(5);
      Failing.with(ErrorCode.CONTENT_CHANGED, () -> Contents.all(stream));
    }
  }

  @Test
  void eachContentHasItsVersion() throws IOException {
    put("/a", "one");
    byte[] one = version();
    assertTrue(Arrays.equals(one, version()));
    put("/a", "two");
    assertFalse(Arrays.equals(one, version()));
  }

  private byte[] version() throws IOException {
    try (ReadStream stream = driver.readStream("/a", 0)) {
      return stream.version();
    }
  }

  @Test
  void whatIsReplacedKeepsItsPermissionsAndItsTime() throws IOException {
    Path file = root.resolve("a");
    put("/a", "old");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    Store.age(file, Duration.ofHours(-1));
    long before = Files.getLastModifiedTime(file).toMillis();
    put("/b", "moved");
    put("/a", "new");
    assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertEquals(before, Files.getLastModifiedTime(file).toMillis());
    driver.writeStream("/a", 0, Contents.of("written"));
    assertEquals(before, Files.getLastModifiedTime(file).toMillis());
    driver.move("/b", "/a");
    assertEquals(before, Files.getLastModifiedTime(file).toMillis());
  }

  @Test
  void leftoversAreSwept() throws IOException {
    Path staging = Files.createDirectories(root.resolve(".staging~"));
    Path stale = Files.createFile(staging.resolve("0".repeat(32) + "~"));
    Path young = Files.createFile(staging.resolve("1".repeat(32) + "~"));
    Path foreign = Files.createFile(staging.resolve("foreign"));
    Path directory = Files.createDirectory(staging.resolve("2".repeat(32) + "~"));
    Path locked = Files.createFile(staging.resolve("3".repeat(32) + "~"));
    for (Path old : List.of(stale, foreign, directory, locked)) {
      Store.age(old, Staging.STALE.multipliedBy(2));
    }
    try (FileChannel file = FileChannel.open(locked, StandardOpenOption.WRITE)) {
      file.lock();
      Store.driver(root);
    }
    assertFalse(Files.exists(stale));
    assertFalse(Files.exists(directory));
    for (Path kept : List.of(young, foreign, locked)) {
      assertTrue(Files.exists(kept));
    }
  }

  @Test
  void directoriesThatHoldNothingAreInNobodysWay() throws IOException {
    Files.createDirectories(root.resolve("a/b/c"));
    Failing.with(ErrorCode.PATH_NOT_FOUND, () -> driver.list("/a"));
    put("/a", "an object now");
    driver.delete("/a");
    put("/x/y/z", "deep");
    driver.delete("/x/y/z");
    assertEquals(List.of(".staging~"), left());
  }

  @Test
  void writesAndDeletesInOneDirectoryMeet() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<?>> all =
          IntStream.range(0, 4)
              .<Future<?>>mapToObj(number -> threads.submit(() -> putAndDelete(number)))
              .toList();
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertEquals(List.of(".staging~"), left());
  }

  private Void putAndDelete(int number) throws IOException {
    for (int round = 0; round < 25; round++) {
      put("/d/e/" + number, "x");
      driver.delete("/d/e/" + number);
    }
    return null;
  }

  @Test
  void errorsOfTheSystem() {
    assertEquals(ErrorCode.PATH_NOT_FOUND, code(new NoSuchFileException("x")));
    assertEquals(ErrorCode.NOT_A_DIRECTORY, code(new NotDirectoryException("x")));
    assertEquals(ErrorCode.IS_A_DIRECTORY, code(reason("Is a directory")));
    assertEquals(ErrorCode.NO_SPACE, code(new IOException("No space left on device")));
    assertEquals(ErrorCode.PERMISSION_DENIED, code(reason("Read-only file system")));
    assertEquals(ErrorCode.THROTTLED, code(reason("Too many open files")));
    assertEquals(ErrorCode.INVALID_PATH, code(reason("File name too long")));
    assertEquals(ErrorCode.INTERNAL, code(new IOException("Input/output error")));
    assertTrue(SystemErrors.named(reason("Stale file handle"), "/a").isTemporary());
  }

  private static IOException reason(String text) {
    return new FileSystemException("x", null, text);
  }

  private static ErrorCode code(IOException failure) {
    return SystemErrors.named(failure, "/a").code();
  }

  @Test
  void theRootIsMade() throws IOException {
    Path made = root.resolve("a/b");
    Store.driver(made).putContent("/x", Contents.of("content"));
    assertEquals("content", Files.readString(made.resolve("x")));
  }
}
