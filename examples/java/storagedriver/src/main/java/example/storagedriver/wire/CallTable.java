package example.storagedriver.wire;

import static example.storagedriver.wire.Key.may;
import static example.storagedriver.wire.Key.must;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All methods of the protocol: section 9 of PROTOCOL.md. */
final class CallTable {
  private static final Key PATH = must("path", Checks.TEXT);
  private static final Key UPLOAD_ID = must("upload_id", Checks.TEXT);
  private static final Key OFFSET = must("offset", Checks.COUNT);
  private static final Key SIZE = must("size", Checks.COUNT);
  private static final Key WRITTEN = must("written", Checks.COUNT);
  private static final Key COUNT = must("count", Checks.COUNT);
  private static final Key CREDIT = must("credit", Checks.CREDIT);
  private static final Key VERSION = may("version", Checks.VERSION, new byte[0]);
  private static final Key END = may("end", Checks.FLAG, false);
  private static final Key START_AFTER = may("start_after", Checks.TEXT, null);
  private static final Key ANY_SIZE = may("size", Checks.COUNT, null);
  private static final Key MAX_CHUNK = must("max_chunk", Checks.LIMIT);
  private static final Key HELLO_VERSION = must("version", Checks.TEXT);
  private static final Key FEATURES = must("features", Checks.TEXTS);
  private static final List<Key> READ = List.of(ANY_SIZE, VERSION);

  static final Map<String, Call> BY_METHOD =
      Stream.of(control(), streams(), plain(), listings(), uploads())
          .flatMap(List::stream)
          .collect(Collectors.toUnmodifiableMap(Call::method, Function.identity()));

  private CallTable() {}

  private static List<Call> control() {
    return List.of(
        Call.plain("Hello", HELLO_VERSION, FEATURES, MAX_CHUNK)
            .withResult(
                HELLO_VERSION,
                must("name", Checks.TEXT),
                FEATURES,
                must("max_channels", Checks.COUNT),
                must("write_credit", Checks.LIMIT),
                MAX_CHUNK),
        Call.plain("OpenChannel", must("channel", Checks.COUNT), must("endpoint", Checks.TEXT)),
        Call.plain("Ping").withResult(must("workers", Checks.WORKERS)),
        Call.plain("Shutdown"));
  }

  private static List<Call> streams() {
    return List.of(
        Call.received("GetContent", PATH, CREDIT)
            .withResult(SIZE, VERSION)
            .withInfo(READ)
            .counting("size", false),
        Call.received("ReadStream", PATH, OFFSET, CREDIT, VERSION)
            .withResult(SIZE, VERSION)
            .withInfo(READ)
            .counting("size", false),
        Call.sent("PutContent", PATH, END).withResult(WRITTEN).counting("written", false),
        Call.sent("WriteStream", PATH, OFFSET, END).withResult(WRITTEN).counting("written", false));
  }

  private static List<Call> plain() {
    return List.of(
        Call.plain("Stat", PATH)
            .withResult(
                PATH, SIZE, may("mod_time", Checks.TIME, null), must("is_dir", Checks.FLAG)),
        Call.plain("Move", must("source", Checks.TEXT), must("destination", Checks.TEXT)),
        Call.plain("Delete", PATH),
        Call.plain("URLFor", PATH, must("options", Checks.OPTIONS))
            .withResult(must("url", Checks.TEXT)));
  }

  private static List<Call> listings() {
    return List.of(
        Call.received("List", PATH, START_AFTER, CREDIT)
            .withResult(COUNT)
            .withEntry(must("name", Checks.TEXT), may("is_dir", Checks.FLAG, null)),
        Call.received("Walk", PATH, START_AFTER, CREDIT)
            .withResult(COUNT)
            .withEntry(PATH, SIZE, must("mod_time", Checks.TIME)),
        Call.received("ListUploads", PATH, CREDIT)
            .withResult(COUNT)
            .withEntry(UPLOAD_ID, PATH, SIZE, must("time", Checks.TIME)));
  }

  private static List<Call> uploads() {
    return List.of(
        Call.plain("OpenUpload", PATH, may("upload_id", Checks.TEXT, null))
            .withResult(UPLOAD_ID, SIZE),
        Call.sent("WriteUpload", UPLOAD_ID, OFFSET, END).withResult(SIZE).counting("size", true),
        Call.plain("CommitUpload", UPLOAD_ID, ANY_SIZE, may("digest", Checks.TEXT, null)),
        Call.plain("CancelUpload", UPLOAD_ID),
        Call.plain("CloseUpload", UPLOAD_ID));
  }
}
