package example.storagedriver;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * An error of the contract. What a driver throws as one reaches the host's caller with the same
 * code, fields and message.
 *
 * <p>Callers act on the code and the fields; the message is for people.
 */
public final class StorageException extends IOException {
  private static final long serialVersionUID = 1;

  // Nobody wants a megabyte of path in a log line; the field keeps all of it.
  private static final int SHOWN = 300;

  private final String codeName;
  private final transient Map<String, Object> fields;
  private boolean temporary;
  private String driver = "";
  private Long stored;

  private StorageException(String codeName, String message, Map<String, Object> fields) {
    super(message);
    this.codeName = codeName;
    this.fields = fields;
    this.temporary = codeName.equals(ErrorCode.THROTTLED.wireName());
  }

  /** Makes one of any code, also one that is not known here, and its fields by their names. */
  public static StorageException of(String code, String message, Map<String, Object> fields) {
    return new StorageException(code, message, new LinkedHashMap<>(fields));
  }

  private static StorageException of(ErrorCode code, String rest, Map<String, Object> fields) {
    return of(code.wireName(), code.opening() + rest, fields);
  }

  /** Makes one of the codes whose only field is a path. */
  public static StorageException ofPath(ErrorCode code, String path) {
    return of(code, ": " + shown(path), Map.of("path", path));
  }

  /** Makes the one for nothing at a path. */
  public static StorageException notFound(String path) {
    return ofPath(ErrorCode.PATH_NOT_FOUND, path);
  }

  /** Makes the one for a write beyond the size. */
  public static StorageException invalidOffset(String path, long offset) {
    String rest = ": " + offset + " for path: " + shown(path);
    return of(ErrorCode.INVALID_OFFSET, rest, Map.of("path", path, "offset", offset));
  }

  /** Makes the one for what a driver does not do. */
  public static StorageException unsupported(String method) {
    return of(ErrorCode.UNSUPPORTED_METHOD, ": " + shown(method), Map.of("method", method));
  }

  /** Makes the one for a parameter of the driver, or an option of a call. */
  public static StorageException invalidParameter(String parameter, String reason) {
    String rest = " '" + parameter + "': " + reason;
    Map<String, Object> fields = Map.of("parameter", parameter, "reason", reason);
    return of(ErrorCode.INVALID_PARAMETERS, rest, fields);
  }

  /** Makes the one for a change that may have happened, or may not last. */
  public static StorageException outcomeUnknown(String method, String path) {
    String rest = ": " + method + " of " + shown(path);
    return of(ErrorCode.OUTCOME_UNKNOWN, rest, Map.of("method", method, "path", path));
  }

  /** One of those that a partial failure is made of. */
  public record Failure(String path, ErrorCode code) {}

  /** Makes the one for a batch. */
  public static StorageException partial(List<Failure> failed) {
    String first =
        failed.stream()
            .limit(3)
            .map(one -> shown(one.path()) + " (" + one.code().wireName() + ")")
            .collect(Collectors.joining(", "));
    String more = failed.size() > 3 ? " and " + (failed.size() - 3) + " more" : "";
    List<List<Object>> pairs =
        failed.stream().map(one -> List.<Object>of(one.path(), one.code().wireName())).toList();
    return of(ErrorCode.PARTIAL_FAILURE, ": " + first + more, Map.of("failed", pairs));
  }

  /** Makes the one for a call that the host has cancelled. */
  public static StorageException cancelled() {
    return of(ErrorCode.CANCELLED, "", Map.of());
  }

  /** Makes the one for a peer that broke the protocol. */
  public static StorageException protocolError(String detail) {
    return of(ErrorCode.PROTOCOL_ERROR, ": " + detail, Map.of("detail", detail));
  }

  /** Makes the one for a failure that fits no code. */
  public static StorageException internal(String message) {
    return of(ErrorCode.INTERNAL.wireName(), message, Map.of());
  }

  /** Returns the same error with a reason behind its message, and what it came from. */
  public StorageException because(String reason, Throwable cause) {
    StorageException made = of(codeName, getMessage() + ": " + reason, fields);
    made.temporary = temporary;
    made.driver = driver;
    made.stored = stored;
    if (cause != null) {
      made.initCause(cause);
    }
    return made;
  }

  /** Returns the same error with a reason behind its message. */
  public StorageException because(String reason) {
    return because(reason, null);
  }

  /** Says whether the same call may succeed when it is repeated; returns this. */
  public StorageException setTemporary(boolean isTemporary) {
    temporary = isTemporary;
    return this;
  }

  /** Says what is stored now, after a failed write; returns this. */
  public StorageException setStored(long size) {
    stored = size;
    return this;
  }

  /** Says which driver it is of; returns this. */
  public StorageException setDriver(String name) {
    driver = name;
    return this;
  }

  /** Sets a field; returns this. */
  public StorageException setField(String name, Object value) {
    fields.put(name, value);
    return this;
  }

  /** Returns the code. */
  public ErrorCode code() {
    return ErrorCode.of(codeName);
  }

  /** Returns the code's name, also if it is not known here. */
  public String codeName() {
    return codeName;
  }

  /** Returns a field by its name, null if it is absent. */
  public Object field(String name) {
    return fields.get(name);
  }

  /** Tells whether the same call may succeed when it is repeated. */
  public boolean isTemporary() {
    return temporary;
  }

  /** Returns the driver's name, empty until somebody who knows it has filled it in. */
  public String driver() {
    return driver;
  }

  /** Returns the size now, after a failed write; null if that is not known. */
  public Long stored() {
    return stored;
  }

  /** Tells whether nothing is at the path; one of the others may be in the way. */
  public boolean isNotFound() {
    return code() == ErrorCode.PATH_NOT_FOUND;
  }

  private static String shown(String text) {
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
  }
}
