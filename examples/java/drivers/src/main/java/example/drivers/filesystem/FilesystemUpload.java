package example.drivers.filesystem;

import example.storagedriver.Buffers;
import example.storagedriver.Digest;
import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import example.storagedriver.Upload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;

/**
 * One opened upload. It holds no lock between its calls, and one descriptor. What is written is not
 * synced; commit and close do that.
 */
final class FilesystemUpload implements Upload {
  private final UploadFiles files;
  private final String id;
  private final String path;
  private final FileChannel content;
  private long size;

  FilesystemUpload(UploadFiles files, String id, String path, FileChannel content, long size) {
    this.files = files;
    this.id = id;
    this.path = path;
    this.content = content;
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
  public void write(ByteBuffer piece) throws IOException {
    step(
        (directory, stored) -> {
          if (stored != size) {
            throw StorageException.invalidOffset(path, size).setStored(stored);
          }
          // What was stored of it stays, also after a failure.
          while (piece.hasRemaining()) {
            size += content.write(piece, size);
          }
        });
  }

  @Override
  public void commit(long expected, Digest digest) throws IOException {
    // Held only for its size to be seen: reading takes time, and what is there does not change.
    long[] checked = {0};
    step((directory, stored) -> checked[0] = stored);
    if (checked[0] != expected) {
      throw mismatch("the upload has another size");
    }
    checkDigest(expected, digest);
    sync();
    publish(expected);
    closeContent();
  }

  @Override
  public void cancel() throws IOException {
    step((directory, stored) -> UploadFiles.remove(directory, id));
    closeContent();
  }

  @Override
  public void close() throws IOException {
    try {
      sync();
    } finally {
      closeContent();
    }
  }

  private void closeContent() {
    try (UploadLocks.Held held = files.locks().hold(id)) {
      content.close();
    } catch (IOException failure) {
      // What it could tell of the content was asked for when it was synced.
    }
  }

  /** Does one thing with the directory that the upload is in, and what is stored of it. */
  private interface Step {
    void run(Directory directory, long stored) throws IOException;
  }

  /**
   * Holds the upload for one step, after whoever else holds it. If it is no upload any more this
   * fails with PathNotFound: then the file may be an object by now, and must not be touched. As an
   * id is never made twice, its name tells.
   */
  private void step(Step step) throws StorageException {
    try (UploadLocks.Held held = files.locks().hold(id);
        Directory directory = openDirectory()) {
      held.lock(content);
      Status there = directory.status(UploadFiles.contentName(id));
      if (there == null) {
        throw UploadFiles.noSuchUpload(path);
      }
      step.run(directory, there.size());
    } catch (IOException failure) {
      throw SystemErrors.named(failure, path);
    }
  }

  private Directory openDirectory() throws IOException {
    try {
      return files.root().directory().open(UploadFiles.DIRECTORY);
    } catch (NoSuchFileException missing) {
      throw UploadFiles.noSuchUpload(path);
    }
  }

  private void checkDigest(long end, Digest digest) throws IOException {
    if (digest == null) {
      return;
    }
    ByteBuffer buffer = Buffers.chunk();
    try {
      for (long position = 0; position < end; ) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), end - position));
        int read = content.read(buffer, position);
        if (read < 0) {
          throw mismatch("somebody has cut the upload");
        }
        digest.update(buffer.flip());
        position += read;
      }
    } catch (IOException failure) {
      throw SystemErrors.named(failure, path);
    } finally {
      Buffers.release(buffer);
    }
    if (!digest.matches()) {
      throw mismatch("the upload has another digest");
    }
  }

  private void publish(long checked) throws IOException {
    try (Parents parents = new Parents(files.root(), path)) {
      step(
          (directory, stored) -> {
            if (stored != checked) {
              throw mismatch("it was written to meanwhile");
            }
            place(parents, directory);
          });
      try {
        parents.sync(files.durability());
      } catch (IOException failure) {
        throw SystemErrors.notSynced("CommitUpload", path, failure);
      }
    }
  }

  private void place(Parents parents, Directory directory) throws IOException {
    Path name = UploadFiles.contentName(id);
    // As a put would: its time is that of its coming, not of a write some days ago.
    directory.setModTime(name, Instant.now());
    // Looked at last: from here to the rename there is little time for things to change.
    Status replaced = parents.look();
    if (replaced != null && replaced.isDirectory()) {
      throw StorageException.ofPath(ErrorCode.IS_A_DIRECTORY, path);
    }
    if (replaced != null) {
      Staging.takeOver(directory, name, content, replaced, files.durability());
    }
    parents.place(above -> directory.rename(name, above, parents.leaf()));
    parents.succeed();
    // From here on there is no upload. What cannot be removed is left to a sweep.
    UploadFiles.remove(directory, id);
  }

  /**
   * Makes what was written durable. After a failure there is no upload any more: nobody can tell
   * what is on the disk, and a second attempt would seem to succeed.
   */
  private void sync() throws IOException {
    try {
      files.durability().syncContent(content);
    } catch (IOException failure) {
      step((directory, stored) -> UploadFiles.remove(directory, id));
      throw SystemErrors.named(failure, path);
    }
  }

  private StorageException mismatch(String reason) {
    return StorageException.ofPath(ErrorCode.CHECKSUM_MISMATCH, path).because(reason);
  }
}
