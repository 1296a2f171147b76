package example.storagedriver.serving;

import example.storagedriver.Digest;
import example.storagedriver.StorageDriver;
import example.storagedriver.StorageException;
import example.storagedriver.Upload;
import example.storagedriver.UploadInfo;
import example.storagedriver.Uploader;
import example.storagedriver.wire.Limits;
import example.storagedriver.wire.Listing;
import example.storagedriver.wire.Times;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What answers the calls of uploads. */
final class UploadMethods {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final StorageDriver driver;
  private final OpenUploads open;

  UploadMethods(StorageDriver driver, OpenUploads open) {
    this.driver = driver;
    this.open = open;
  }

  /** Answers one call; fails with UnsupportedMethod if it is of no method that is known here. */
  Answer answer(RunningCall call) throws IOException {
    String id = call.params().get("upload_id") instanceof String text ? text : null;
    switch (call.method()) {
      case "OpenUpload":
        return openUpload(call.text("path"), id);
      case "WriteUpload":
        return write(call, id);
      case "CommitUpload":
        return commit(call, id);
      case "CancelUpload":
        open.end(id, Upload::cancel);
        return Answer.empty();
      case "CloseUpload":
        open.close(id);
        return Answer.empty();
      case "ListUploads":
        return list(call);
      default:
        throw StorageException.unsupported(call.method());
    }
  }

  private Answer openUpload(String path, String id) throws IOException {
    boolean isId =
        id == null
            || !id.isEmpty()
                && id.getBytes(StandardCharsets.UTF_8).length <= Limits.MAX_UPLOAD_ID_BYTES;
    if (!isId) {
      throw StorageException.notFound(path).because("there is no such upload");
    }
    Upload upload = open.open(path, id);
    return Answer.of(Map.of("upload_id", upload.id(), "size", upload.size()));
  }

  private Answer write(RunningCall call, String id) throws IOException {
    long position = call.count("offset");
    Incoming content = new Incoming(call);
    try {
      // Also if there is nothing to write: only the driver knows whether that is still the end.
      open.write(id, position, NOTHING.duplicate());
      for (ByteBuffer piece = content.next(); piece != null; piece = content.next()) {
        int size = piece.remaining();
        open.write(id, position, piece);
        position += size;
      }
      return Answer.of(Map.of("size", position));
    } catch (IOException | RuntimeException failure) {
      throw Failures.withStored(failure, () -> open.size(id));
    }
  }

  private Answer commit(RunningCall call, String id) throws IOException {
    String text = call.text("digest");
    Digest digest = text == null ? null : Digest.parse(text);
    Object size = call.params().get("size");
    open.end(id, upload -> upload.commit(size == null ? upload.size() : (Long) size, digest));
    return Answer.empty();
  }

  private Answer list(RunningCall call) throws IOException {
    if (!(driver instanceof Uploader uploader)) {
      throw StorageException.unsupported(call.method());
    }
    List<UploadInfo> infos = new ArrayList<>(uploader.uploads(call.text("path")));
    infos.sort(
        (one, other) -> {
          int order = Listing.compareBytes(one.path(), other.path());
          return order != 0 ? order : Listing.compareBytes(one.id(), other.id());
        });
    ListingSender sender = new ListingSender(call);
    for (UploadInfo info : infos) {
      sender.add(List.of(info.id(), info.path(), info.size(), Times.toWire(info.time())));
    }
    return sender.finish();
  }
}
