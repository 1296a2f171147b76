package example.storagedriver;

/** Something that a driver can do beyond the minimum. */
public enum Feature {
  URL_FOR("url-for"),
  WALK("walk"),
  UPLOADS("uploads"),
  MOVE_DIRECTORIES("move-directories"),
  CONSTANT_MEMORY("constant-memory"),
  FLAT_NAMESPACE("flat-namespace"),
  VOLATILE("volatile"),
  /** Added by the library. */
  PING("ping");

  private final String wireName;

  Feature(String wireName) {
    this.wireName = wireName;
  }

  /** Returns the name by which a host knows it. */
  public String wireName() {
    return wireName;
  }
}
