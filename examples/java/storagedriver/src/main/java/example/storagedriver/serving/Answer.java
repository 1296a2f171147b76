package example.storagedriver.serving;

import java.nio.ByteBuffer;
import java.util.Map;

/**
 * A success on its way to the host.
 *
 * @param content null if there is none
 * @param sent is run when the content is not needed any more
 */
record Answer(Map<String, Object> result, ByteBuffer content, Runnable sent) {
  static Answer of(Map<String, Object> result) {
    return new Answer(result, null, () -> {});
  }

  static Answer empty() {
    return of(Map.of());
  }
}
