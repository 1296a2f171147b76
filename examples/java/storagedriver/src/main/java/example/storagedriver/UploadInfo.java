package example.storagedriver;

import java.time.Instant;

/** What is told of an upload. */
public record UploadInfo(String id, String path, long size, Instant time) {}
