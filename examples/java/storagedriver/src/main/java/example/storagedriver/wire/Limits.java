package example.storagedriver.wire;

/** The numbers of the protocol. */
public final class Limits {
  /** Bounds the first frame of a message. */
  public static final int MAX_HEADER_BYTES = 64 << 10;

  /** Up to where content rides in the header: one frame costs less than two. */
  public static final int INLINE_CONTENT_BYTES = 16 << 10;

  /** Bounds arrays and maps, as memory is reserved for what a length says. */
  public static final int MAX_CONTAINER_ITEMS = 1024;

  /** Makes recursion over a header safe. */
  public static final int MAX_NESTING_LEVELS = 16;

  /** The largest content of one message, unless both sides agree on less. */
  public static final int MAX_CHUNK_BYTES = 1 << 20;

  /** No chunk but the last is smaller, unless the credit is. */
  public static final int MIN_CHUNK_BYTES = 4 << 10;

  /** How many full chunks may be under way in a stream. */
  public static final int WINDOW_CHUNKS = 4;

  /** Into how many steps a receiver parts a window when it grants credit. */
  public static final int CREDIT_STEP_DIVISOR = 4;

  /** The largest integer that every language can count to. */
  public static final long MAX_CREDIT_BYTES = 1L << 53;

  /** Bounds the opaque version of a content. */
  public static final int MAX_VERSION_BYTES = 64;

  /** Bounds ids and process ids. */
  public static final long MAX_ID = 0xffff_ffffL;

  /** Bounds one entry of a listing. */
  public static final int MAX_ENTRY_BYTES = 4 << 10;

  /** Bounds what a driver makes up to name an upload. */
  public static final int MAX_UPLOAD_ID_BYTES = 1024;

  /** Bounds the text of an error. */
  public static final int MAX_ERROR_MESSAGE_BYTES = 4 << 10;

  /** Bounds all fields of an error together, so that it fits a header. */
  public static final int MAX_ERROR_FIELDS_BYTES = 48 << 10;

  /** Bounds a code and a driver's name in an error. */
  public static final int MAX_ERROR_NAME_BYTES = 1 << 10;

  private Limits() {}
}
