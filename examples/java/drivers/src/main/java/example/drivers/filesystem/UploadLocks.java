package example.drivers.filesystem;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * Who has an upload for one step. The locks of files that Java has are those of processes: a second
 * one in the same process is refused, and any that the process closes takes all with it. So threads
 * take turns first, also to open and to close.
 */
final class UploadLocks {
  private static final int STRIPES = 64;

  private final ReentrantLock[] stripes =
      Stream.generate(ReentrantLock::new).limit(STRIPES).toArray(ReentrantLock[]::new);

  /** Waits for the turn of this thread. */
  Held hold(String id) {
    ReentrantLock turn = stripes[Math.floorMod(id.hashCode(), STRIPES)];
    turn.lock();
    return new Held(turn);
  }

  /** The turn of a thread. */
  static final class Held implements AutoCloseable {
    private final ReentrantLock turn;
    private FileLock lock;

    private Held(ReentrantLock turn) {
      this.turn = turn;
    }

    /** Waits for the turn of this process, which the end of this ends. */
    void lock(FileChannel content) throws IOException {
      lock = content.lock();
    }

    boolean tryToLock(FileChannel content) throws IOException {
      lock = content.tryLock();
      return lock != null;
    }

    @Override
    public void close() {
      try {
        if (lock != null && lock.isValid()) {
          lock.release();
        }
      } catch (IOException failure) {
        // The file is closed, and its lock gone.
      } finally {
        turn.unlock();
      }
    }
  }
}
