package example.drivers.filesystem;

import example.storagedriver.ErrorCode;
import example.storagedriver.StorageException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Map;
import java.util.Set;

/**
 * What errors of the system are called for callers. Java tells only some of them by class, and the
 * others by the text of the C library; the start script sees to it that this is English.
 */
final class SystemErrors {
  private static final Map<String, ErrorCode> BY_TEXT =
      Map.ofEntries(
          Map.entry("Not a directory", ErrorCode.NOT_A_DIRECTORY),
          Map.entry("Is a directory", ErrorCode.IS_A_DIRECTORY),
          Map.entry("No space left on device", ErrorCode.NO_SPACE),
          Map.entry("Disk quota exceeded", ErrorCode.NO_SPACE),
          Map.entry("Permission denied", ErrorCode.PERMISSION_DENIED),
          Map.entry("Operation not permitted", ErrorCode.PERMISSION_DENIED),
          Map.entry("Read-only file system", ErrorCode.PERMISSION_DENIED),
          Map.entry("No such device or address", ErrorCode.PERMISSION_DENIED),
          Map.entry("File name too long", ErrorCode.INVALID_PATH),
          Map.entry("Too many open files", ErrorCode.THROTTLED),
          Map.entry("Too many open files in system", ErrorCode.THROTTLED));

  private static final Set<String> TEMPORARY =
      Set.of(
          "Resource temporarily unavailable",
          "Device or resource busy",
          "Stale file handle",
          "Connection timed out");

  private static final Set<String> UNSUPPORTED =
      Set.of("Invalid argument", "Operation not supported", "Function not implemented");

  private static final String LINK = "Too many levels of symbolic links";

  private SystemErrors() {}

  /** Returns what an error is called, about a path. What has a name already keeps it. */
  static StorageException named(IOException failure, String path) {
    if (failure instanceof StorageException known) {
      return known;
    }
    if (failure instanceof NoSuchFileException) {
      return StorageException.notFound(path);
    }
    String text = text(failure);
    if (text.startsWith(LINK)) {
      return inTheWay(path);
    }
    ErrorCode code = BY_TEXT.get(text);
    if (code == ErrorCode.NOT_A_DIRECTORY || code == ErrorCode.IS_A_DIRECTORY) {
      return StorageException.ofPath(code, path);
    }
    if (code != null) {
      return StorageException.ofPath(code, path).because(text, failure);
    }
    return StorageException.internal(text + ": " + path).setTemporary(TEMPORARY.contains(text));
  }

  /** Returns the text of the C library. */
  private static String text(IOException failure) {
    if (failure instanceof AccessDeniedException) {
      return "Permission denied";
    }
    if (failure instanceof NotDirectoryException) {
      return "Not a directory";
    }
    if (failure instanceof FileSystemException known && known.getReason() != null) {
      return known.getReason();
    }
    // What a channel throws has no class and no file.
    return failure.getMessage() == null ? failure.toString() : failure.getMessage();
  }

  /** Tells whether a name cannot be replaced as a directory has it. */
  static boolean isDirectoryInTheWay(IOException failure) {
    return failure instanceof DirectoryNotEmptyException
        || failure instanceof FileAlreadyExistsException
        || text(failure).equals("Is a directory")
        || text(failure).equals("Directory not empty");
  }

  /** Tells whether what was to be opened as a directory is none. */
  static boolean isNoDirectory(IOException failure) {
    return failure instanceof NotDirectoryException
        || failure instanceof InTheWayException
        || text(failure).equals("Not a directory")
        || text(failure).startsWith(LINK);
  }

  static boolean isUnsupported(IOException failure) {
    return UNSUPPORTED.contains(text(failure));
  }

  /** A link or a special file where a file or a directory is needed. */
  static final class InTheWayException extends FileSystemException {
    private static final long serialVersionUID = 1;

    InTheWayException(String name) {
      super(name, null, LINK);
    }
  }

  /** Returns the error for a link or a special file where a file or a directory is needed. */
  static StorageException inTheWay(String path) {
    return StorageException.ofPath(ErrorCode.PERMISSION_DENIED, path)
        .because("a link or a special file is in the way");
  }

  /** Returns the error for a change that happened, but might not survive a power cut. */
  static StorageException notSynced(String method, String path, IOException failure) {
    String reason = "its directory cannot be synced: " + failure.getMessage();
    return StorageException.outcomeUnknown(method, path).because(reason, failure);
  }
}
