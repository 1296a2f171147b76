package example.storagedriver.zmtp;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Closes a connection that takes too long: blocking channels have no time limits of their own. */
final class Deadline {
  private static final ScheduledThreadPoolExecutor TIMER = timer();

  private Deadline() {}

  /** Returns what calls it off. */
  static Future<?> of(Connection connection, Duration patience) {
    return TIMER.schedule(connection::close, patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static ScheduledThreadPoolExecutor timer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1,
            run -> {
              Thread thread = new Thread(run, "deadlines");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }
}
