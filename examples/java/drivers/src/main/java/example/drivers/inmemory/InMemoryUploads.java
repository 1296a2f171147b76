package example.drivers.inmemory;

import example.storagedriver.Digest;
import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import example.storagedriver.Upload;
import example.storagedriver.UploadInfo;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** The hidden uploads, under their own lock, which comes before the driver's. */
final class InMemoryUploads {
  private final InMemoryDriver driver;
  private final Map<String, Stored> byId = new HashMap<>();

  InMemoryUploads(InMemoryDriver driver) {
    this.driver = driver;
  }

  /** An upload as it was last written to; a write puts another in its place. */
  private record Stored(String id, String path, Segments content, long size, Instant time) {
    UploadInfo info() {
      return new UploadInfo(id, path, size, time);
    }
  }

  synchronized Upload create(String path) {
    byte[] random = new byte[16];
    new SecureRandom().nextBytes(random);
    String id = HexFormat.of().formatHex(random);
    byId.put(id, new Stored(id, path, Segments.NONE, 0, Instant.now()));
    return new Opened(id, path, 0);
  }

  synchronized Upload resume(String path, String id) throws StorageException {
    return new Opened(id, path, find(path, id).size);
  }

  synchronized Collection<UploadInfo> below(String prefix) {
    String start = prefix.equals("/") ? prefix : prefix + "/";
    List<UploadInfo> all = byId.values().stream().map(Stored::info).toList();
    return all.stream()
        .filter(info -> info.path().equals(prefix) || info.path().startsWith(start))
        .toList();
  }

  private Stored find(String path, String id) throws StorageException {
    Stored found = byId.get(id);
    if (found == null || !found.path.equals(path)) {
      throw StorageException.notFound(path).because("there is no such upload");
    }
    return found;
  }

  /** One that somebody has opened. */
  private final class Opened implements Upload {
    private final String id;
    private final String path;
    private long size;

    Opened(String id, String path, long size) {
      this.id = id;
      this.path = path;
      this.size = size;
    }

    @Override
    public String id() {
      return id;
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public void write(ByteBuffer content) throws StorageException {
      synchronized (InMemoryUploads.this) {
        Stored found = find(path, id);
        if (found.size != size) {
          throw StorageException.invalidOffset(path, size).setStored(found.size);
        }
        if (content.hasRemaining()) {
          Segments grown = found.content.appended(Segments.copyOf(content));
          size = grown.size();
          byId.put(id, new Stored(id, path, grown, size, Instant.now()));
        }
      }
    }

    @Override
    public void commit(long expected, Digest digest) throws StorageException {
      Stored checked;
      synchronized (InMemoryUploads.this) {
        checked = find(path, id);
      }
      if (checked.size != expected) {
        throw mismatch("the upload has another size");
      }
      // Not under the lock, as it takes time; nobody changes these runs.
      if (digest != null) {
        checked.content.runs().forEach(run -> digest.update(run.duplicate()));
        if (!digest.matches()) {
          throw mismatch("the upload has another digest");
        }
      }
      synchronized (InMemoryUploads.this) {
        if (find(path, id) != checked) {
          throw mismatch("it was written to meanwhile");
        }
        driver.put(path, checked.content);
        byId.remove(id);
      }
    }

    @Override
    public void cancel() throws StorageException {
      synchronized (InMemoryUploads.this) {
        find(path, id);
        byId.remove(id);
      }
    }

    @Override
    public void close() {
      // Nothing is held for it.
    }

    private StorageException mismatch(String reason) {
      return StorageException.ofPath(ErrorCode.CHECKSUM_MISMATCH, path).because(reason);
    }
  }
}
