package example.storagedriver.wire;

/** How the peer, or this end, broke the protocol. */
public final class ProtocolException extends Exception {
  private static final long serialVersionUID = 1;

  /** Makes one of a detail for people. */
  public ProtocolException(String detail) {
    super(detail);
  }

  /** Makes one of a format and its arguments. */
  static ProtocolException of(String format, Object... arguments) {
    return new ProtocolException(String.format(format, arguments));
  }
}
