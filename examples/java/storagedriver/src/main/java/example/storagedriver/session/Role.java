package example.storagedriver.session;

/** Which calls a channel takes. */
public enum Role {
  /** A control channel before Hello has succeeded. */
  NEW,
  CONTROL,
  WORKER,
  /** The control channel of a driver without worker channels: it takes all calls. */
  ONLY;

  /** One that is not known is a worker's: it is to be answered. */
  boolean takes(String method) {
    switch (method) {
      case "Hello":
        return this == NEW;
      case "OpenChannel":
        return this == CONTROL;
      case "Ping":
      case "Shutdown":
        return this == CONTROL || this == ONLY;
      default:
        return this == WORKER || this == ONLY;
    }
  }
}
