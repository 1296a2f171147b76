package example.storagedriver.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Takes the content of one listing chunk by chunk, as the host does. */
public final class Listing {
  private final Call call;
  private long count;
  private String[] last;

  /** Makes one for a call that lists. */
  public Listing(Call call) {
    this.call = call;
  }

  /** Returns the entries of the next chunk, each with all the elements that are known. */
  public List<List<Object>> take(ByteBuffer chunk) throws ProtocolException {
    List<List<Object>> entries = new ArrayList<>();
    if (chunk == null) {
      return entries;
    }
    byte[] data = new byte[chunk.remaining()];
    chunk.duplicate().get(data);
    Unpacking unpacking = new Unpacking(data);
    while (unpacking.left() > 0) {
      int begin = unpacking.position();
      List<?> elements = unpacking.nextArray();
      if (unpacking.position() - begin > Limits.MAX_ENTRY_BYTES) {
        throw ProtocolException.of("an entry is longer than %d bytes", Limits.MAX_ENTRY_BYTES);
      }
      List<Object> entry = call.checkEntry(elements);
      checkOrder(entry);
      entries.add(entry);
    }
    return entries;
  }

  /** Holds the result of the listing against the entries that came. */
  public void finish(Map<String, Object> result) throws ProtocolException {
    if (!Long.valueOf(count).equals(result.get("count"))) {
      throw ProtocolException.of(
          "%s counts %s entries, and %d came", call.method(), result.get("count"), count);
    }
  }

  private void checkOrder(List<Object> entry) throws ProtocolException {
    String[] place = {(String) entry.get(0), ""};
    if (call.method().equals("ListUploads")) {
      place = new String[] {(String) entry.get(1), (String) entry.get(0)};
    }
    if (last != null && !isBehind(place, last)) {
      throw ProtocolException.of("%s: %.300s is out of order", call.method(), place[0]);
    }
    count++;
    last = place;
  }

  private static boolean isBehind(String[] place, String[] before) {
    int order = compareBytes(place[0], before[0]);
    return order > 0 || order == 0 && compareBytes(place[1], before[1]) > 0;
  }

  /** Compares as UTF-8, whose order is not that of UTF-16. */
  public static int compareBytes(String one, String other) {
    return Arrays.compareUnsigned(
        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }
}
