package example.storagedriver.wire;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What values have to be, and their normal form: integers as {@link Long}. */
final class Checks {
  /** Up to where a double holds every whole number. */
  private static final double MAX_EXACT = 1L << 53;

  private static final long FIRST_SECOND = Instant.parse("0001-01-01T00:00:00Z").getEpochSecond();
  private static final long LAST_SECOND = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();
  private static final long MAX_NANOSECONDS = 999_999_999;

  static final Check TEXT = value -> require(value instanceof String, value, "must be a text");
  static final Check FLAG =
      value -> require(value instanceof Boolean, value, "must be true or false");
  static final Check COUNT = integer(0, Long.MAX_VALUE);
  static final Check CREDIT = integer(0, Limits.MAX_CREDIT_BYTES);
  static final Check LIMIT = integer(Limits.MIN_CHUNK_BYTES, Limits.MAX_CREDIT_BYTES);
  static final Check TEXTS = Checks::texts;
  static final Check VERSION = Checks::version;
  static final Check TIME = Checks::time;
  static final Check OPTIONS = map(false, Map.of("method", TEXT, "expiry", TIME));
  static final Check META = map(false, Map.of("deadline_ms", COUNT, "traceparent", TEXT));
  static final Check WORKERS = Checks::workers;

  private static final Check WORKER =
      map(
          true,
          Map.of(
              "channel",
              COUNT,
              "id",
              COUNT,
              "method",
              TEXT,
              "busy_ms",
              COUNT,
              "moved_bytes",
              COUNT));

  private Checks() {}

  /** Says what a value should have been; whoever knows where it stands says that too. */
  static final class Misfit extends Exception {
    private static final long serialVersionUID = 1;

    Misfit(String message) {
      super(message);
    }
  }

  /** Returns a value in its normal form. */
  interface Check {
    Object apply(Object value) throws Misfit;
  }

  /**
   * Returns the whole number that a value is, null if it is none. It may come as a float, as some
   * languages have only those.
   */
  static Long integer(Object value) {
    if (value instanceof Long number) {
      return number;
    }
    if (value instanceof Double number
        && number == Math.rint(number)
        && Math.abs(number) <= MAX_EXACT) {
      return number.longValue();
    }
    return null;
  }

  private static Object require(boolean fits, Object value, String message) throws Misfit {
    if (!fits) {
      throw new Misfit(message);
    }
    return value;
  }

  private static Check integer(long least, long most) {
    return value -> {
      Long number = integer(value);
      boolean fits = number != null && number >= least && number <= most;
      return require(fits, number, "must be an integer from " + least + " to " + most);
    };
  }

  private static Object version(Object value) throws Misfit {
    boolean fits = value instanceof byte[] version && version.length <= Limits.MAX_VERSION_BYTES;
    return require(fits, value, "must be binary of at most " + Limits.MAX_VERSION_BYTES + " bytes");
  }

  private static Object texts(Object value) throws Misfit {
    boolean fits =
        value instanceof List<?> items && items.stream().allMatch(String.class::isInstance);
    return require(fits, value, "must be an array of texts");
  }

  private static Object time(Object value) throws Misfit {
    if (!(value instanceof List<?> pair) || pair.size() != 2) {
      throw new Misfit("must be [seconds, nanoseconds]");
    }
    Long seconds = integer(pair.get(0));
    if (seconds == null || seconds < FIRST_SECOND || seconds > LAST_SECOND) {
      throw new Misfit("must have seconds, in the years 1 to 9999");
    }
    Long nanoseconds = integer(pair.get(1));
    if (nanoseconds == null || nanoseconds < 0 || nanoseconds > MAX_NANOSECONDS) {
      throw new Misfit("must have 0 to 999999999 nanoseconds");
    }
    return List.of(seconds, nanoseconds);
  }

  /** A map of which the known keys are looked at, and all are kept. */
  private static Check map(boolean required, Map<String, Check> checks) {
    return value -> {
      if (!(value instanceof Map<?, ?> pairs)) {
        throw new Misfit("must be a map");
      }
      Map<String, Object> checked = new LinkedHashMap<>();
      for (Map.Entry<?, ?> pair : pairs.entrySet()) {
        Check known = checks.get(pair.getKey());
        Object one = pair.getValue();
        checked.put((String) pair.getKey(), known == null || one == null ? one : known.apply(one));
      }
      for (String name : required ? checks.keySet() : List.<String>of()) {
        require(checked.get(name) != null, value, "must have the key " + name);
      }
      return checked;
    };
  }

  private static Object workers(Object value) throws Misfit {
    if (!(value instanceof List<?> items)) {
      throw new Misfit("must be an array");
    }
    List<Object> workers = new ArrayList<>();
    for (Object item : items) {
      workers.add(WORKER.apply(item));
    }
    return workers;
  }
}
