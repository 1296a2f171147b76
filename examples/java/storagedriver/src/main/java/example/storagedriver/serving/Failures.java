package example.storagedriver.serving;

import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import java.util.Map;
import java.util.function.Supplier;

/** What an error is called on the wire: nothing but a StorageException has a code. */
final class Failures {
  private Failures() {}

  /** Returns the error of the contract that a failure is. */
  static StorageException of(Throwable failure) {
    if (failure instanceof StorageException known) {
      return known;
    }
    String text = failure.getClass().getName() + ": " + failure.getMessage();
    StorageException made = StorageException.internal(text);
    made.initCause(failure);
    return made;
  }

  /** Says in the error of a failed write what is stored now, null if that is not known. */
  static StorageException withStored(Exception failure, Supplier<Long> stored)
      throws LostException {
    if (failure instanceof LostException lost) {
      throw lost;
    }
    StorageException known = of(failure);
    Long size = known.stored() == null ? stored.get() : null;
    return size == null ? known : known.setStored(size);
  }

  /** Fills in what only the library knows. */
  static StorageException named(StorageException failure, String driver) {
    boolean isNameless =
        failure.code() == ErrorCode.INVALID_PARAMETERS && failure.field("name") == null;
    StorageException named = isNameless ? parameterOf(failure, driver) : failure;
    return named.driver().isEmpty() ? named.setDriver(driver) : named;
  }

  private static StorageException parameterOf(StorageException failure, String driver) {
    String parameter = String.valueOf(failure.field("parameter"));
    String reason = String.valueOf(failure.field("reason"));
    return StorageException.of(
        failure.codeName(),
        "Invalid parameter '" + parameter + "' of " + driver + ": " + reason,
        Map.of("name", driver, "parameter", parameter, "reason", reason));
  }
}
