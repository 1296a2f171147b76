package example.storagedriver.serving;

import example.storagedriver.ErrorCode;
import example.storagedriver.FileInfo;
import example.storagedriver.ReadStream;
import example.storagedriver.StorageDriver;
import example.storagedriver.StorageException;
import example.storagedriver.UrlMaker;
import example.storagedriver.Walker;
import example.storagedriver.wire.Listing;
import example.storagedriver.wire.ProtocolException;
import example.storagedriver.wire.Times;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What answers the calls of worker channels. All workers of a process share one. */
final class Methods {
  private final StorageDriver driver;
  private final OpenUploads openUploads;
  private final UploadMethods uploads;

  Methods(StorageDriver driver) {
    this.driver = driver;
    this.openUploads = new OpenUploads(driver);
    this.uploads = new UploadMethods(driver, openUploads);
  }

  /** Answers one call. */
  Answer answer(RunningCall call) throws IOException {
    switch (call.method()) {
      case "GetContent":
      case "ReadStream":
        return read(call);
      case "PutContent":
        return put(call);
      case "WriteStream":
        return write(call);
      case "Stat":
        return stat(call);
      case "List":
        return list(call);
      case "Walk":
        return walk(call);
      case "Move":
        driver.move(call.text("source"), call.text("destination"));
        return Answer.empty();
      case "Delete":
        driver.delete(call.text("path"));
        return Answer.empty();
      case "URLFor":
        return urlFor(call);
      default:
        return uploads.answer(call);
    }
  }

  /** Lets go of all. What is still open is kept where the driver keeps it. */
  void close() throws Exception {
    openUploads.closeAll();
    if (driver instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }

  /** Answers GetContent too, which has neither an offset nor a version. */
  private Answer read(RunningCall call) throws IOException {
    String path = call.text("path");
    long offset = call.count("offset");
    ReadStream stream = driver.readStream(path, offset);
    try {
      byte[] expected = (byte[]) call.params().getOrDefault("version", new byte[0]);
      if (expected.length > 0 && !Arrays.equals(expected, stream.version())) {
        throw StorageException.ofPath(ErrorCode.CONTENT_CHANGED, path);
      }
      return Outgoing.sendStream(call, stream, offset);
    } catch (IOException | RuntimeException failure) {
      stream.close();
      throw failure;
    }
  }

  private Answer put(RunningCall call) throws IOException {
    Incoming content = new Incoming(call);
    driver.putContent(call.text("path"), content);
    return written(call, content);
  }

  private Answer write(RunningCall call) throws IOException {
    String path = call.text("path");
    Incoming content = new Incoming(call);
    try {
      driver.writeStream(path, call.count("offset"), content);
      return written(call, content);
    } catch (IOException | RuntimeException failure) {
      throw Failures.withStored(failure, () -> stored(path));
    }
  }

  /** A driver that stopped early must not look like a success. */
  private static Answer written(RunningCall call, Incoming content) throws IOException {
    if (content.more()) {
      throw new IOException("the driver stopped reading before the end of the content");
    }
    return Answer.of(Map.of("written", call.channel().moved()));
  }

  /** Returns the size of an object now, 0 if nothing is there, null if that cannot be known. */
  private Long stored(String path) {
    try {
      FileInfo info = driver.stat(path);
      return info.isDirectory() ? null : (Long) info.size();
    } catch (StorageException failure) {
      return failure.isNotFound() ? (Long) 0L : null;
    } catch (IOException failure) {
      return null;
    }
  }

  private Answer stat(RunningCall call) throws IOException {
    FileInfo info = driver.stat(call.text("path"));
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("path", info.path());
    result.put("size", info.size());
    result.put("mod_time", info.isDirectory() ? null : Times.toWire(info.modTime()));
    result.put("is_dir", info.isDirectory());
    return Answer.of(result);
  }

  private Answer list(RunningCall call) throws IOException {
    String path = call.text("path");
    List<String> names = new ArrayList<>(driver.list(path));
    names.sort(Listing::compareBytes);
    String above = path.equals("/") ? path : path + "/";
    String startAfter = startAfter(call);
    ListingSender sender = new ListingSender(call);
    for (String name : names) {
      if (Listing.compareBytes(above + name, startAfter) > 0) {
        sender.add(List.of(name));
      }
    }
    return sender.finish();
  }

  private Answer walk(RunningCall call) throws IOException {
    if (!(driver instanceof Walker walker)) {
      throw StorageException.unsupported(call.method());
    }
    ListingSender sender = new ListingSender(call);
    walker.walk(
        call.text("path"),
        startAfter(call),
        info -> sender.add(List.of(info.path(), info.size(), Times.toWire(info.modTime()))));
    return sender.finish();
  }

  private static String startAfter(RunningCall call) {
    String given = call.text("start_after");
    return given == null ? "" : given;
  }

  private Answer urlFor(RunningCall call) throws IOException {
    if (!(driver instanceof UrlMaker maker)) {
      throw StorageException.unsupported(call.method());
    }
    String method = "GET";
    Instant expiry = null;
    Map<?, ?> options = (Map<?, ?>) call.params().get("options");
    for (Map.Entry<?, ?> option : options.entrySet()) {
      if (option.getValue() == null) {
        continue;
      }
      String name = (String) option.getKey();
      switch (name) {
        case "method":
          method = urlMethod((String) option.getValue());
          break;
        case "expiry":
          expiry = time(name, option.getValue());
          break;
        default:
          throw StorageException.invalidParameter(
              name, "unknown option; there are method and expiry");
      }
    }
    return Answer.of(Map.of("url", maker.urlFor(call.text("path"), method, expiry)));
  }

  private static String urlMethod(String method) throws StorageException {
    if (!List.of("GET", "HEAD", "PUT").contains(method)) {
      throw StorageException.invalidParameter("method", "must be GET, HEAD or PUT");
    }
    return method;
  }

  private static Instant time(String name, Object value) throws StorageException {
    try {
      return Times.fromWire(value);
    } catch (ProtocolException failure) {
      throw StorageException.invalidParameter(name, failure.getMessage());
    }
  }
}
