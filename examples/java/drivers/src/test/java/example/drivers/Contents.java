package example.drivers;

import example.storagedriver.Content;
import example.storagedriver.ReadStream;
import example.storagedriver.StorageDriver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Contents for tests. */
public final class Contents {
  private Contents() {}

  /** Returns a content, in pieces of at most 100,000 bytes. */
  public static Content of(String text) {
    ByteBuffer left = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    return limit -> {
      int size = Math.min(Math.min(limit, 100_000), left.remaining());
      if (size == 0) {
        return null;
      }
      ByteBuffer piece = left.slice(left.position(), size);
      left.position(left.position() + size);
      return piece;
    };
  }

  /** Returns a content that fails behind a text. */
  public static Content failing(String text) {
    Content given = of(text);
    return limit -> {
      ByteBuffer piece = given.next(limit);
      if (piece == null) {
        throw new IOException("the source fails");
      }
      return piece;
    };
  }

  /** Returns all that is stored from an offset on. */
  public static String get(StorageDriver driver, String path, long offset) throws IOException {
    try (ReadStream stream = driver.readStream(path, offset)) {
      return all(stream);
    }
  }

  /** Returns all of a content. */
  public static String all(Content content) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (ByteBuffer piece = content.next(); piece != null; piece = content.next()) {
      byte[] copy = new byte[piece.remaining()];
      piece.get(copy);
      all.writeBytes(copy);
    }
    return all.toString(StandardCharsets.UTF_8);
  }
}
