package example.storagedriver.zmtp;

import java.io.IOException;

/** Frames that the peer should not have sent. */
public final class BreachException extends IOException {
  private static final long serialVersionUID = 1;

  BreachException(String message) {
    super(message);
  }
}
