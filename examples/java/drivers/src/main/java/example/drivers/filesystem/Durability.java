package example.drivers.filesystem;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How much is synced before a change returns. Replacing is atomic in all tiers. */
enum Durability {
  /** What returned survives a power cut. */
  FULL,
  /** After a power cut an object is the old one or the new one, whole. */
  FILE,
  /** Survives the end of the process, not that of the machine. */
  NONE;

  private static final Logger LOG = LoggerFactory.getLogger(Durability.class);
  private static final AtomicBoolean HAS_WARNED = new AtomicBoolean();

  /**
   * Syncs what was written to a file. After an error the content is lost, as the kernel has
   * forgotten what was unwritten; syncing once more would succeed and mean nothing, so nobody may
   * try.
   */
  void syncContent(FileChannel file) throws IOException {
    if (this != NONE) {
      try {
        file.force(true);
      } catch (IOException failure) {
        tolerate(failure);
      }
    }
  }

  /** Syncs the names in a directory. */
  void syncEntries(Directory directory) throws IOException {
    if (this == FULL) {
      try {
        directory.sync();
      } catch (NoSuchFileException vanished) {
        // Another call has emptied and removed it, and so what was to be synced.
      } catch (IOException failure) {
        tolerate(failure);
      }
    }
  }

  /** Leaves out that a file system, in user space or on a network, cannot sync. */
  private static void tolerate(IOException failure) throws IOException {
    if (!SystemErrors.isUnsupported(failure)) {
      throw failure;
    }
    if (HAS_WARNED.compareAndSet(false, true)) {
      LOG.warn("the file system cannot sync everything: {}", failure.getMessage());
    }
  }
}
