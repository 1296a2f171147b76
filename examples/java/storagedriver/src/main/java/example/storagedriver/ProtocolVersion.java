package example.storagedriver;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version of the contract and the wire together. */
public record ProtocolVersion(int major, int minor) {
  /** The one that this library speaks. */
  public static final ProtocolVersion CURRENT = new ProtocolVersion(0, 1);

  private static final Pattern PATTERN = Pattern.compile("([0-9]{1,9})\\.([0-9]{1,9})");

  /** Reads {@code Major.Minor}. Empty if the text is anything else. */
  public static Optional<ProtocolVersion> parse(String text) {
    Matcher match = PATTERN.matcher(text);
    if (!match.matches()) {
      return Optional.empty();
    }
    int major = Integer.parseInt(match.group(1));
    return Optional.of(new ProtocolVersion(major, Integer.parseInt(match.group(2))));
  }

  /**
   * Returns the version that a host, which still speaks its major's minors from {@code oldest} on,
   * and a driver speak with each other; empty if there is none.
   */
  public static Optional<ProtocolVersion> agreed(
      ProtocolVersion host, ProtocolVersion oldest, ProtocolVersion driver) {
    if (host.major != driver.major || driver.minor < oldest.minor) {
      return Optional.empty();
    }
    return Optional.of(new ProtocolVersion(host.major, Math.min(host.minor, driver.minor)));
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
