package example.storagedriver;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The kinds of errors, with their names on the wire and those of their fields. */
public enum ErrorCode {
  /** Every failure without a code of its own, such as a bug. */
  INTERNAL("Internal", ""),
  PATH_NOT_FOUND("PathNotFound", "Path not found", "path"),
  NOT_A_DIRECTORY("NotADirectory", "Not a directory", "path"),
  IS_A_DIRECTORY("IsADirectory", "Is a directory", "path"),
  INVALID_PATH("InvalidPath", "Invalid path", "path"),
  NO_SPACE("NoSpace", "No space left", "path"),
  PERMISSION_DENIED("PermissionDenied", "Permission denied", "path"),
  THROTTLED("Throttled", "Throttled", "path"),
  CHECKSUM_MISMATCH("ChecksumMismatch", "Checksum mismatch", "path"),
  CONTENT_CHANGED("ContentChanged", "Content changed", "path"),
  INVALID_OFFSET("InvalidOffset", "Invalid offset", "path", "offset"),
  UNSUPPORTED_METHOD("UnsupportedMethod", "Unsupported method", "method"),
  INVALID_STORAGE_DRIVER("InvalidStorageDriver", "Invalid storage driver", "name"),
  INVALID_PARAMETERS("InvalidParameters", "Invalid parameter", "name", "parameter", "reason"),
  INCOMPATIBLE_VERSION(
      "IncompatibleVersion", "Incompatible version", "host_version", "driver_version"),
  DRIVER_CRASHED("DriverCrashed", "Driver crashed", "exit_status", "signal", "stderr"),
  DRIVER_TIMEOUT("DriverTimeout", "Driver timeout", "seconds", "method"),
  OUTCOME_UNKNOWN("OutcomeUnknown", "Outcome unknown", "method", "path"),
  PARTIAL_FAILURE("PartialFailure", "Failed in part", "failed"),
  CANCELLED("Cancelled", "Cancelled"),
  TOO_MANY_CHANNELS("TooManyChannels", "Too many channels", "limit"),
  PROTOCOL_ERROR("ProtocolError", "Protocol error", "detail");

  private static final Map<String, ErrorCode> BY_NAME =
      Arrays.stream(values())
          .collect(Collectors.toUnmodifiableMap(ErrorCode::wireName, Function.identity()));

  private final String wireName;
  private final String opening;
  private final List<String> fields;

  ErrorCode(String wireName, String opening, String... fields) {
    this.wireName = wireName;
    this.opening = opening;
    this.fields = List.of(fields);
  }

  /** Returns the code of a name, INTERNAL if it is not known. */
  public static ErrorCode of(String wireName) {
    return BY_NAME.getOrDefault(wireName, INTERNAL);
  }

  /** Returns the name on the wire. */
  public String wireName() {
    return wireName;
  }

  /** Returns the names of the fields. */
  public List<String> fields() {
    return fields;
  }

  String opening() {
    return opening;
  }
}
