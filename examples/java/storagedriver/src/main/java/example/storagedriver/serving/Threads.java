package example.storagedriver.serving;

/** Threads that do not keep the process alive. */
final class Threads {
  private Threads() {}

  static Thread start(String name, Runnable run) {
    Thread thread = new Thread(run, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }
}
