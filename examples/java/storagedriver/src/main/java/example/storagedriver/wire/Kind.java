package example.storagedriver.wire;

/** The kinds of messages; their numbers on the wire are their ordinals. */
public enum Kind {
  REQUEST,
  RESPONSE,
  CHUNK,
  CREDIT,
  END,
  CANCEL,
  ATTACH,
  START,
  CLOSE;

  private static final Kind[] BY_NUMBER = values();

  /** Returns the kind of a number, null if there is none. */
  static Kind of(long number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[(int) number] : null;
  }
}
