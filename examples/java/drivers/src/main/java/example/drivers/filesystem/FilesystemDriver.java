package example.drivers.filesystem;

import example.storagedriver.Content;
import example.storagedriver.ErrorCode;
import example.storagedriver.FileInfo;
import example.storagedriver.Parameters;
import example.storagedriver.ReadStream;
import example.storagedriver.StorageDriver;
import example.storagedriver.StorageException;
import example.storagedriver.Upload;
import example.storagedriver.UploadInfo;
import example.storagedriver.Uploader;
import example.storagedriver.Walker;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** It has no state but the open root directory. */
public final class FilesystemDriver implements StorageDriver, Walker, Uploader {
  private final Root root;
  private final Durability durability;
  private final UploadFiles uploadFiles;

  /** Makes a driver, and the root directory if it is missing. */
  public FilesystemDriver(Parameters parameters) throws StorageException {
    Options options = Options.parse(parameters);
    root = Root.open(options.root(), options.durability());
    durability = options.durability();
    uploadFiles = new UploadFiles(root, durability);
    Staging.sweep(root);
    uploadFiles.sweep(options.uploadExpiry());
  }

  @Override
  public ReadStream readStream(String path, long offset) throws StorageException {
    return ObjectReader.open(root, path, offset);
  }

  @Override
  public void putContent(String path, Content content) throws IOException {
    try (Parents parents = new Parents(root, path)) {
      try (Staging staged = new Staging(root)) {
        for (ByteBuffer piece = content.next(); piece != null; piece = content.next()) {
          staged.write(piece);
        }
        staged.finish(durability);
        publish(parents, staged);
      } catch (IOException failure) {
        throw SystemErrors.named(failure, path);
      }
      try {
        parents.sync(durability);
      } catch (IOException failure) {
        throw SystemErrors.notSynced("PutContent", path, failure);
      }
    }
  }

  private void publish(Parents parents, Staging staged) throws IOException {
    // Looked at last: from here to the rename there is little time for things to change.
    Status replaced = parents.look();
    if (replaced != null && replaced.isDirectory()) {
      throw StorageException.ofPath(ErrorCode.IS_A_DIRECTORY, parents.path());
    }
    if (replaced != null) {
      staged.takeOver(replaced, durability);
    }
    parents.place(directory -> staged.rename(directory, parents.leaf()));
    parents.succeed();
  }

  @Override
  public void writeStream(String path, long offset, Content content) throws IOException {
    try {
      Writing.write(root, path, offset, content, durability);
    } catch (IOException failure) {
      throw SystemErrors.named(failure, path);
    }
  }

  @Override
  public FileInfo stat(String path) throws StorageException {
    if (path.equals("/")) {
      return FileInfo.directory(path);
    }
    return root.above(
        path, (parent, leaf) -> Visible.info(path, Visible.existing(parent, leaf, path)));
  }

  @Override
  public Collection<String> list(String path) throws StorageException {
    List<String> names =
        root.in(
            path,
            directory -> {
              List<String> shown = new ArrayList<>();
              for (Visible.Entry entry : Visible.entries(directory)) {
                if (!entry.status().isDirectory()
                    || Visible.holdsObject(directory, entry.name(), 1)) {
                  shown.add(entry.name().toString());
                }
              }
              return shown;
            });
    if (names.isEmpty() && !path.equals("/")) {
      throw StorageException.notFound(path);
    }
    return names;
  }

  @Override
  public void walk(String path, String startAfter, Visitor visitor) throws IOException {
    if (!path.equals("/")) {
      stat(path);
    }
    root.in(
        path,
        directory -> {
          new TreeWalk(startAfter, visitor).run(directory, path, 0);
          return null;
        });
  }

  @Override
  public void move(String source, String destination) throws IOException {
    try {
      Moving.move(root, source, destination, durability);
    } catch (IOException failure) {
      throw SystemErrors.named(failure, destination);
    }
  }

  @Override
  public void delete(String path) throws IOException {
    try (Parents parents = new Parents(root, path)) {
      Status status = parents.look();
      if (status == null) {
        throw StorageException.notFound(path);
      }
      if (!status.isDirectory()) {
        parents.directory().remove(parents.leaf());
      } else {
        List<StorageException.Failure> failed =
            Removal.removeTree(parents.directory(), parents.leaf(), path);
        if (!failed.isEmpty()) {
          throw StorageException.partial(failed);
        }
      }
      parents.prune();
    } catch (IOException failure) {
      throw SystemErrors.named(failure, path);
    }
  }

  @Override
  public Upload createUpload(String path) throws StorageException {
    return uploadFiles.create(path);
  }

  @Override
  public Upload resumeUpload(String path, String id) throws StorageException {
    return uploadFiles.resume(path, id);
  }

  @Override
  public Collection<UploadInfo> uploads(String prefix) throws StorageException {
    return uploadFiles.list(prefix);
  }
}
