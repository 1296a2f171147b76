package example.drivers.inmemory;

import example.drivers.inmemory.Tree.Directory;
import example.drivers.inmemory.Tree.Node;
import example.drivers.inmemory.Tree.StoredObject;
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
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/**
 * A tree of maps. A write stores what was given only when that has ended: after a failure the
 * content is untouched.
 *
 * <p>Its lock is held for no longer than a few steps in maps, or the copy of one directory's names.
 */
public final class InMemoryDriver implements StorageDriver, Walker, Uploader {
  private final Tree tree = new Tree();
  private final InMemoryUploads uploads = new InMemoryUploads(this);
  // A driver that was started again counts from the beginning, and its versions must not pass for
  // those of the one before.
  private final long nonce = new SecureRandom().nextLong();
  private long writes;

  /** Makes a driver. It takes no parameters. */
  public InMemoryDriver(Parameters parameters) throws StorageException {
    parameters.checkKnown();
  }

  @Override
  public synchronized ReadStream readStream(String path, long offset) throws StorageException {
    return new ObjectReader(tree.findObject(path), offset);
  }

  @Override
  public void putContent(String path, Content content) throws IOException {
    put(path, collected(content));
  }

  @Override
  public void writeStream(String path, long offset, Content content) throws IOException {
    findWritable(path, offset);
    // Not under the lock: it may wait for anything.
    Segments written = collected(content);
    synchronized (this) {
      StoredObject old = findWritable(path, offset);
      Segments kept = old == null ? Segments.NONE : old.content().cut(offset);
      store(path, old, kept.appended(written));
    }
  }

  private static Segments collected(Content content) throws IOException {
    Segments.Collector collector = new Segments.Collector();
    for (ByteBuffer piece = content.next(); piece != null; piece = content.next()) {
      collector.add(piece);
    }
    return collector.collected();
  }

  private synchronized StoredObject findWritable(String path, long offset) throws StorageException {
    StoredObject found = tree.findReplaceable(path);
    if (offset > 0 && (found == null || offset > found.size())) {
      throw StorageException.invalidOffset(path, offset);
    }
    return found;
  }

  /** Replaces an object. */
  synchronized void put(String path, Segments content) throws StorageException {
    store(path, tree.findReplaceable(path), content);
  }

  private void store(String path, StoredObject old, Segments content) {
    Instant time = notBefore(Instant.now(), old);
    byte[] version = ByteBuffer.allocate(16).putLong(nonce).putLong(++writes).array();
    tree.place(path, new StoredObject(content, content.size(), time, version));
  }

  /** The time at a path never goes back, whatever comes to stand there. */
  private static Instant notBefore(Instant time, StoredObject old) {
    return old != null && old.modTime().isAfter(time) ? old.modTime() : time;
  }

  @Override
  public synchronized FileInfo stat(String path) throws StorageException {
    return tree.find(path) instanceof StoredObject object
        ? object.info(path)
        : FileInfo.directory(path);
  }

  @Override
  public Collection<String> list(String path) throws StorageException {
    return entries(path).keySet();
  }

  /** Returns what stands directly in a directory, in the order of a walk. */
  private synchronized Map<String, Node> entries(String path) throws StorageException {
    if (!(tree.find(path) instanceof Directory directory)) {
      throw StorageException.ofPath(ErrorCode.NOT_A_DIRECTORY, path);
    }
    return new TreeMap<>(directory.entries());
  }

  @Override
  public void walk(String path, String startAfter, Visitor visitor) throws IOException {
    walk(path.equals("/") ? "" : path, entries(path), startAfter, visitor);
  }

  // A path is not longer than 1,024 bytes, so this is not deep.
  private void walk(String path, Map<String, Node> entries, String startAfter, Visitor visitor)
      throws IOException {
    Map<String, Node> sorted = new TreeMap<>();
    // What is below a directory stands where its path and a slash would: /a-b comes before /a/b.
    entries.forEach(
        (name, node) -> sorted.put(node instanceof Directory ? name + "/" : name, node));
    for (Map.Entry<String, Node> entry : sorted.entrySet()) {
      String child = path + "/" + entry.getKey();
      if (entry.getValue() instanceof StoredObject object) {
        if (child.compareTo(startAfter) > 0) {
          visitor.visit(object.info(child));
        }
      } else {
        walkBelow(child.substring(0, child.length() - 1), startAfter, visitor);
      }
    }
  }

  private void walkBelow(String path, String startAfter, Visitor visitor) throws IOException {
    // All that is below sorts before path + "0", as "0" follows "/".
    if ((path + "0").compareTo(startAfter) <= 0) {
      return;
    }
    Map<String, Node> entries;
    try {
      // Found by its path once more: a deleted directory keeps its entries for itself.
      entries = entries(path);
    } catch (StorageException vanished) {
      return;
    }
    walk(path, entries, startAfter, visitor);
  }

  @Override
  public synchronized void move(String source, String destination) throws StorageException {
    Node moved = tree.find(source);
    if (source.equals(destination)) {
      return;
    }
    if (moved instanceof Directory && destination.startsWith(source + "/")) {
      throw StorageException.ofPath(ErrorCode.INVALID_PATH, destination)
          .because("lies inside " + source + ", which is to move");
    }
    StoredObject replaced = tree.findReplaceable(destination);
    if (replaced != null && moved instanceof Directory) {
      throw StorageException.ofPath(ErrorCode.NOT_A_DIRECTORY, destination);
    }
    if (moved instanceof StoredObject object) {
      moved = object.withTime(notBefore(object.modTime(), replaced));
    }
    tree.place(destination, moved);
    tree.remove(source);
  }

  @Override
  public synchronized void delete(String path) throws StorageException {
    if (path.equals("/")) {
      throw StorageException.ofPath(ErrorCode.INVALID_PATH, path);
    }
    tree.find(path);
    tree.remove(path);
  }

  @Override
  public Upload createUpload(String path) {
    return uploads.create(path);
  }

  @Override
  public Upload resumeUpload(String path, String id) throws StorageException {
    return uploads.resume(path, id);
  }

  @Override
  public Collection<UploadInfo> uploads(String prefix) {
    return uploads.below(prefix);
  }
}
