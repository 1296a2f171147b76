package example.storagedriver.serving;

import java.io.IOException;

/** The host is gone, or has hung up: there is nobody to answer. */
final class LostException extends IOException {
  private static final long serialVersionUID = 1;

  LostException(String message, Throwable cause) {
    super(message, cause);
  }
}
