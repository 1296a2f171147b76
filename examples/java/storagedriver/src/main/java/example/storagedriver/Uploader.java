package example.storagedriver;

import java.io.IOException;
import java.util.Collection;

/** A driver with {@link Feature#UPLOADS}: content that grows out of sight. */
public interface Uploader {
  /** Makes an upload. */
  Upload createUpload(String path) throws IOException;

  /** Opens the upload of an id; PathNotFound of {@code path} if it is none of this path. */
  Upload resumeUpload(String path, String id) throws IOException;

  /** Returns the open uploads to {@code prefix} and below, in any order. */
  Collection<UploadInfo> uploads(String prefix) throws IOException;
}
