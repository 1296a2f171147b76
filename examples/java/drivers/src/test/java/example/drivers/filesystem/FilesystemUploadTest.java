package example.drivers.filesystem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import example.drivers.Contents;
import example.drivers.Failing;
import example.storagedriver.Digest;
import example.storagedriver.ErrorCode;
import example.storagedriver.Upload;
import example.storagedriver.UploadInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilesystemUploadTest {
  private Path root;
  private FilesystemDriver driver;

  @BeforeEach
  void make(@TempDir Path directory) throws IOException {
    root = directory;
    driver = Store.driver(root);
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void anUploadSurvivesTheEndOfItsProcess() throws IOException {
    Upload upload = driver.createUpload("/a/b");
    upload.write(bytes("first, "));
    // Not closed: as after a kill.
    FilesystemDriver second = Store.driver(root);
    assertTrue(second.list("/").isEmpty());
    List<UploadInfo> infos = List.copyOf(second.uploads("/a"));
    assertEquals(1, infos.size());
    assertEquals(upload.id(), infos.get(0).id());
    assertEquals(7, infos.get(0).size());
    assertTrue(second.uploads("/b").isEmpty());
    upload.close(); // its locks are of this process
    Upload resumed = second.resumeUpload("/a/b", upload.id());
    resumed.write(bytes("second"));
    Failing.with(ErrorCode.CHECKSUM_MISMATCH, () -> resumed.commit(7, null));
    resumed.commit(resumed.size(), null);
    assertEquals("first, second", Contents.get(second, "/a/b", 0));
    Failing.with(ErrorCode.PATH_NOT_FOUND, () -> second.resumeUpload("/a/b", upload.id()));
  }

  @Test
  void onlyOneOfTwoWritersGetsOn() throws IOException {
    Upload stale = driver.createUpload("/a");
    Upload upload = driver.resumeUpload("/a", stale.id());
    upload.write(bytes("x"));
    Failing.with(ErrorCode.INVALID_OFFSET, () -> stale.write(bytes("y")));
    upload.commit(1, null);
    Failing.with(ErrorCode.PATH_NOT_FOUND, () -> stale.write(bytes("")));
    stale.close();
    assertEquals("x", Contents.get(driver, "/a", 0));
  }

  @Test
  void anUploadIsOfOnePath() throws IOException {
    Upload upload = driver.createUpload("/a");
    ErrorCode none = ErrorCode.PATH_NOT_FOUND;
    Failing.with(none, () -> driver.resumeUpload("/b", upload.id()));
    Failing.with(none, () -> driver.resumeUpload("/a", "no id"));
    Failing.with(none, () -> driver.resumeUpload("/a", "../" + upload.id()));
    upload.cancel();
    Failing.with(none, () -> driver.resumeUpload("/a", upload.id()));
  }

  @Test
  void aPathCutShortIsNoUpload() throws IOException {
    Upload upload = driver.createUpload("/ab");
    Files.writeString(root.resolve(".uploads~/" + upload.id() + ".path~"), "/a");
    Failing.with(ErrorCode.PATH_NOT_FOUND, () -> driver.resumeUpload("/a", upload.id()));
    upload.close();
  }

  @Test
  void uploadsExpire() throws IOException {
    Path directory = root.resolve(".uploads~");
    Upload stale = driver.createUpload("/stale");
    Upload young = driver.createUpload("/young");
    stale.close();
    young.close();
    Store.age(directory.resolve(stale.id() + ".data~"), Duration.ofDays(8));
    Path half = Files.writeString(directory.resolve("0".repeat(32) + ".path~"), "/half\n");
    Store.age(half, UploadFiles.HALF_MADE.multipliedBy(2));
    List<UploadInfo> infos = List.copyOf(Store.driver(root).uploads("/"));
    assertEquals(List.of(young.id()), infos.stream().map(UploadInfo::id).toList());
    try (Stream<Path> left = Files.list(directory)) {
      assertEquals(2, left.count());
    }
  }

  @Test
  void aCommitOverADirectoryKeepsTheUpload() throws IOException {
    driver.putContent("/a/b", Contents.of("x"));
    Upload upload = driver.createUpload("/a");
    Failing.with(ErrorCode.IS_A_DIRECTORY, () -> upload.commit(0, null));
    driver.delete("/a");
    upload.commit(0, Digest.parse("md5:d41d8cd98f00b204e9800998ecf8427e"));
    assertEquals("", Contents.get(driver, "/a", 0));
  }

  @Test
  void anotherDigestIsRefused() throws IOException {
    Upload upload = driver.createUpload("/a");
    upload.write(bytes("x"));
    Failing.with(
        ErrorCode.CHECKSUM_MISMATCH,
        () -> upload.commit(1, Digest.parse("md5:d41d8cd98f00b204e9800998ecf8427e")));
    Failing.with(ErrorCode.INVALID_PARAMETERS, () -> Digest.parse("md5:0"));
    Failing.with(ErrorCode.INVALID_PARAMETERS, () -> Digest.parse("none:00"));
    upload.cancel();
  }
}
