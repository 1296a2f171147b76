package example.storagedriver;

import java.io.IOException;
import java.time.Instant;

/** A driver with {@link Feature#URL_FOR}. */
public interface UrlMaker {
  /**
   * Returns a URL.
   *
   * @param method GET, HEAD or PUT
   * @param expiry null if there is none
   */
  String urlFor(String path, String method, Instant expiry) throws IOException;
}
