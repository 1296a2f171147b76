package example.drivers.filesystem;

import example.storagedriver.Parameters;
import example.storagedriver.StorageException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalDouble;

/** The parameters of the driver, checked before any I/O. */
record Options(Path root, Durability durability, Duration uploadExpiry) {
  // What the registry of 2015 gave an upload before it was purged.
  private static final Duration DEFAULT_EXPIRY = Duration.ofDays(7);

  static Options parse(Parameters parameters) throws StorageException {
    parameters.checkKnown("durability", "rootdirectory", "uploadexpiry");
    return new Options(root(parameters), durability(parameters), uploadExpiry(parameters));
  }

  private static Path root(Parameters parameters) throws StorageException {
    String directory = parameters.text("rootdirectory");
    try {
      if (directory != null && directory.startsWith("/")) {
        return Path.of(directory);
      }
    } catch (InvalidPathException failure) {
      // Told below. The value is not shown: it may be a secret in the wrong place.
    }
    throw StorageException.invalidParameter(
        "rootdirectory", "is required and must be an absolute path");
  }

  private static Durability durability(Parameters parameters) throws StorageException {
    if (!parameters.has("durability")) {
      return Durability.FULL;
    }
    String name = String.valueOf(parameters.text("durability"));
    switch (name) {
      case "full":
        return Durability.FULL;
      case "file":
        return Durability.FILE;
      case "none":
        return Durability.NONE;
      default:
        throw StorageException.invalidParameter("durability", "must be one of full, file, none");
    }
  }

  private static Duration uploadExpiry(Parameters parameters) throws StorageException {
    if (!parameters.has("uploadexpiry")) {
      return DEFAULT_EXPIRY;
    }
    OptionalDouble seconds = parameters.number("uploadexpiry");
    if (seconds.isEmpty() || !(seconds.getAsDouble() >= 0)) {
      throw StorageException.invalidParameter(
          "uploadexpiry", "must be a number of seconds, 0 or more");
    }
    return Duration.ofMillis((long) Math.min(seconds.getAsDouble() * 1000, Long.MAX_VALUE / 2));
  }
}
