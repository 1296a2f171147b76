package example.storagedriver.wire;

import java.time.Instant;
import java.util.List;

/** Times as they travel: seconds and nanoseconds since 1970. */
public final class Times {
  private Times() {}

  /** Returns the time that a value is. */
  public static Instant fromWire(Object value) throws ProtocolException {
    try {
      List<?> pair = (List<?>) Checks.TIME.apply(value);
      return Instant.ofEpochSecond((Long) pair.get(0), (Long) pair.get(1));
    } catch (Checks.Misfit misfit) {
      throw ProtocolException.of("a time %s", misfit.getMessage());
    }
  }

  /** Returns a time as it travels. */
  public static List<Object> toWire(Instant time) {
    return List.of(time.getEpochSecond(), (long) time.getNano());
  }
}
