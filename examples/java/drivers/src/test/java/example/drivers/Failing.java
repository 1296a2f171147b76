package example.drivers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import org.junit.jupiter.api.function.Executable;

/** What is to fail. */
public final class Failing {
  private Failing() {}

  /** Asserts that it fails with a code. */
  public static void with(ErrorCode code, Executable executable) {
    assertEquals(code, assertThrows(StorageException.class, executable).code());
  }
}
