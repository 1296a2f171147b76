package example.storagedriver.serving;

import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The fields of errors: what is missing or of a wrong type becomes a neutral value. */
final class WireFields {
  private static final double MAX_EXACT = 1L << 53;

  private WireFields() {}

  /** Returns the error that a map means, null if it has no code. An unknown code is kept. */
  static StorageException fromWire(Map<String, Object> given) {
    if (!(given.get("code") instanceof String codeName)) {
      return null;
    }
    Map<?, ?> fields = given.get("fields") instanceof Map<?, ?> map ? map : Map.of();
    Map<String, Object> known = new LinkedHashMap<>();
    for (String name : ErrorCode.of(codeName).fields()) {
      known.put(name, normal(name, fields.get(name)));
    }
    String message =
        given.get("message") instanceof String text ? text : codeName + " " + known.values();
    StorageException error = StorageException.of(codeName, message, known);
    error.setTemporary(Boolean.TRUE.equals(given.get("temporary")));
    error.setDriver(given.get("driver") instanceof String driver ? driver : "");
    Long stored = integer(fields.get("stored"));
    if (stored != null && stored >= 0) {
      error.setStored(stored);
    }
    return error;
  }

  /** Returns a field in the form that it has on the wire. */
  static Object normal(String name, Object value) {
    switch (name) {
      case "offset":
      case "limit":
        Long number = integer(value);
        return number == null ? (Long) 0L : number;
      case "exit_status":
      case "signal":
        return integer(value);
      case "seconds":
        return value instanceof Number && !Double.valueOf(Double.NaN).equals(value) ? value : 0L;
      case "failed":
        return failed(value);
      default:
        return value instanceof String ? value : "";
    }
  }

  private static Long integer(Object value) {
    if (value instanceof Double number
        && number == Math.rint(number)
        && Math.abs(number) <= MAX_EXACT) {
      return number.longValue();
    }
    return value instanceof Long || value instanceof Integer
        ? (Long) ((Number) value).longValue()
        : null;
  }

  private static List<List<Object>> failed(Object value) {
    List<List<Object>> failed = new ArrayList<>();
    for (Object item : value instanceof List<?> items ? items : List.of()) {
      List<?> pair = item instanceof List<?> list ? list : List.of();
      Object path = pair.isEmpty() ? null : pair.get(0);
      Object code = pair.size() < 2 ? null : pair.get(1);
      boolean hasCode = code instanceof String text && !text.isEmpty();
      failed.add(
          List.of(
              path instanceof String ? path : "", hasCode ? code : ErrorCode.INTERNAL.wireName()));
    }
    return failed;
  }
}
