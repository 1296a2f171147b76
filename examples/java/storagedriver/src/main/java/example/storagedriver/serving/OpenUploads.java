package example.storagedriver.serving;

import example.storagedriver.StorageDriver;
import example.storagedriver.StorageException;
import example.storagedriver.Upload;
import example.storagedriver.Uploader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The uploads that are open in this process, for the calls that name them by id. */
final class OpenUploads {
  private static final Logger LOG = LoggerFactory.getLogger(OpenUploads.class);

  private final StorageDriver driver;
  private final Map<String, Opened> byId = new ConcurrentHashMap<>();

  OpenUploads(StorageDriver driver) {
    this.driver = driver;
  }

  /** One of them. Its calls may come on several channels, and take turns. */
  private record Opened(Upload upload, String path, ReentrantLock turn) {}

  /** What a call does with an upload. */
  interface Action {
    void run(Upload upload) throws IOException;
  }

  /** Opens a new upload to a path, or the one of an id. It takes the place of what was open. */
  Upload open(String path, String id) throws IOException {
    if (!(driver instanceof Uploader uploader)) {
      throw StorageException.unsupported("OpenUpload");
    }
    Upload upload = id == null ? uploader.createUpload(path) : uploader.resumeUpload(path, id);
    Opened former = byId.put(upload.id(), new Opened(upload, path, new ReentrantLock()));
    if (former != null) {
      former.turn.lock();
      try {
        former.upload.close();
      } catch (IOException failure) {
        LOG.warn("closing an upload that was opened again", failure);
      } finally {
        former.turn.unlock();
      }
    }
    return upload;
  }

  /** Appends content, which the host has for {@code offset}. */
  void write(String id, long offset, ByteBuffer content) throws IOException {
    Opened opened = take(id);
    try {
      long size = opened.upload.size();
      if (offset != size) {
        throw StorageException.invalidOffset(opened.path, offset).setStored(size);
      }
      opened.upload.write(content);
    } finally {
      opened.turn.unlock();
    }
  }

  /** Returns what is stored of an upload, null if it is not open. */
  Long size(String id) {
    Opened opened = byId.get(id);
    if (opened == null) {
      return null;
    }
    opened.turn.lock();
    try {
      return opened.upload.size();
    } finally {
      opened.turn.unlock();
    }
  }

  /** Does what ends an upload, which is open no more if that succeeds. */
  void end(String id, Action action) throws IOException {
    Opened opened = take(id);
    try {
      action.run(opened.upload);
      byId.remove(id, opened);
    } finally {
      opened.turn.unlock();
    }
  }

  /** Lets go of an upload. For one that is not open it does nothing. */
  void close(String id) throws IOException {
    Opened opened = byId.get(id);
    if (opened == null) {
      return;
    }
    opened.turn.lock();
    try {
      if (byId.remove(id, opened)) {
        opened.upload.close();
      }
    } finally {
      opened.turn.unlock();
    }
  }

  void closeAll() {
    for (String id : byId.keySet()) {
      try {
        close(id);
      } catch (IOException failure) {
        LOG.warn("closing an upload", failure);
      }
    }
  }

  /**
   * Returns the upload of an id for the turn of one call, which the caller ends. Fails with
   * PathNotFound of the id if there is none; the host opens it again then.
   */
  private Opened take(String id) throws StorageException {
    while (true) {
      Opened opened = byId.get(id);
      if (opened == null) {
        throw StorageException.notFound(id).because("no such upload is open");
      }
      opened.turn.lock();
      // While this waited another may have come into its place.
      if (byId.get(id) == opened) {
        return opened;
      }
      opened.turn.unlock();
    }
  }
}
