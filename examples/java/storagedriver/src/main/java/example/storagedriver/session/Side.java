package example.storagedriver.session;

/** One of the two peers of a channel. */
public enum Side {
  HOST,
  DRIVER;

  Side other() {
    return this == HOST ? DRIVER : HOST;
  }
}
