package example.storagedriver.serving;

import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import example.storagedriver.wire.Limits;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Errors as the map that a RESPONSE carries. It fits a header whatever they hold: what is too long
 * is cut, and the message says so.
 */
final class WireErrors {
  // What msgpack adds to a pair at most: a byte for the array and five for each text.
  private static final int PAIR_OVERHEAD = 11;

  private WireErrors() {}

  static Map<String, Object> toWire(StorageException error) {
    ErrorCode code = error.code();
    Map<String, Object> fields = new LinkedHashMap<>();
    List<String> cut = new ArrayList<>();
    for (String name : code.fields()) {
      int room = Limits.MAX_ERROR_FIELDS_BYTES / code.fields().size();
      Object value = WireFields.normal(name, error.field(name));
      Object fitting = fitting(name, value, room);
      fields.put(name, fitting);
      if (fitting != value) {
        cut.add(name);
      }
    }
    if (error.stored() != null) {
      fields.put("stored", error.stored());
    }
    String note = cut.isEmpty() ? "" : " (cut: " + String.join(", ", cut) + ")";
    String message = String.valueOf(error.getMessage());
    Map<String, Object> wire = new LinkedHashMap<>();
    wire.put("code", cutEnd(error.codeName(), Limits.MAX_ERROR_NAME_BYTES));
    wire.put("message", cutEnd(message, Limits.MAX_ERROR_MESSAGE_BYTES - note.length()) + note);
    wire.put("temporary", error.isTemporary());
    wire.put("driver", cutEnd(error.driver(), Limits.MAX_ERROR_NAME_BYTES));
    wire.put("fields", fields);
    return wire;
  }

  private static Object fitting(String name, Object value, int room) {
    if (value instanceof List<?> failed) {
      return fittingPairs(failed, room);
    }
    if (value instanceof String text) {
      // Of stderr the last lines are those that tell why.
      return name.equals("stderr") ? cutStart(text, room) : cutEnd(text, room);
    }
    return value;
  }

  private static List<?> fittingPairs(List<?> failed, int room) {
    int left = room;
    for (int index = 0; index < failed.size(); index++) {
      for (Object text : (List<?>) failed.get(index)) {
        left -= ((String) text).getBytes(StandardCharsets.UTF_8).length;
      }
      left -= PAIR_OVERHEAD;
      if (left < 0 || index == Limits.MAX_CONTAINER_ITEMS) {
        return failed.subList(0, index);
      }
    }
    return failed;
  }

  /** Returns a text of at most {@code room} bytes, the same one if it fits. */
  private static String cutEnd(String text, int room) {
    byte[] bytes = bytes(text);
    if (bytes.length <= room) {
      return valid(text, bytes);
    }
    int end = room;
    while (end > 0 && isInside(bytes[end])) {
      end--;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  private static String cutStart(String text, int room) {
    byte[] bytes = bytes(text);
    if (bytes.length <= room) {
      return valid(text, bytes);
    }
    int begin = bytes.length - room;
    while (begin < bytes.length && isInside(bytes[begin])) {
      begin++;
    }
    return new String(bytes, begin, bytes.length - begin, StandardCharsets.UTF_8);
  }

  // Half a surrogate pair becomes a question mark here; it could not be sent.
  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String valid(String text, byte[] bytes) {
    String valid = new String(bytes, StandardCharsets.UTF_8);
    return valid.equals(text) ? text : valid;
  }

  private static boolean isInside(byte one) {
    return (one & 0xc0) == 0x80;
  }
}
