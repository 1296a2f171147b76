package example.storagedriver.wire;

import example.storagedriver.wire.Checks.Misfit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One method of the protocol.
 *
 * @param method its name
 * @param direction the way its content flows
 * @param countKey the key of the result that tells how much content moved; null if there is none
 * @param countsFromOffset whether that count has the param offset in it
 */
public record Call(
    String method,
    Direction direction,
    String countKey,
    boolean countsFromOffset,
    List<Key> params,
    List<Key> result,
    List<Key> info,
    List<Key> entry) {

  /** The way content flows, as the host sees it. */
  public enum Direction {
    NONE,
    SENT,
    RECEIVED
  }

  private static final Key META = Key.may("meta", Checks.META, null);

  /** Returns the call of a method, null if it is not known. */
  public static Call of(String method) {
    return CallTable.BY_METHOD.get(method);
  }

  /** Tells whether the content is the entries of a listing. */
  public boolean isListing() {
    return !entry.isEmpty();
  }

  /** Returns the known params in their normal form, with what stands for those that are absent. */
  public Map<String, Object> checkParams(Map<String, Object> given) throws ProtocolException {
    return normal("params", params, given);
  }

  /** Does the same for the result of a success. */
  public Map<String, Object> checkResult(Map<String, Object> given) throws ProtocolException {
    return normal("result", result, given == null ? Map.of() : given);
  }

  /** Does the same for the info of a START. */
  public Map<String, Object> checkInfo(Map<String, Object> given) throws ProtocolException {
    return normal("info", info, given);
  }

  List<Object> checkEntry(List<?> elements) throws ProtocolException {
    List<Object> checked = new ArrayList<>();
    try {
      for (Key key : entry) {
        int index = checked.size();
        checked.add(key.normal(index < elements.size() ? elements.get(index) : null));
      }
    } catch (Misfit misfit) {
      throw ProtocolException.of("%s entry: %s", method, misfit.getMessage());
    }
    return checked;
  }

  private Map<String, Object> normal(String part, List<Key> keys, Map<String, Object> given)
      throws ProtocolException {
    Map<String, Object> checked = new LinkedHashMap<>();
    try {
      for (Key key : keys) {
        checked.put(key.name(), key.normal(given.get(key.name())));
      }
    } catch (Misfit misfit) {
      throw ProtocolException.of("%s %s: %s", method, part, misfit.getMessage());
    }
    return checked;
  }

  static Call plain(String method, Key... params) {
    return made(method, Direction.NONE, params);
  }

  static Call sent(String method, Key... params) {
    return made(method, Direction.SENT, params);
  }

  static Call received(String method, Key... params) {
    return made(method, Direction.RECEIVED, params);
  }

  private static Call made(String method, Direction direction, Key... params) {
    List<Key> all = Stream.concat(Stream.of(params), Stream.of(META)).toList();
    return new Call(method, direction, null, false, all, List.of(), List.of(), List.of());
  }

  Call withResult(Key... keys) {
    return new Call(
        method, direction, countKey, countsFromOffset, params, List.of(keys), info, entry);
  }

  Call withInfo(List<Key> keys) {
    return new Call(method, direction, countKey, countsFromOffset, params, result, keys, entry);
  }

  Call withEntry(Key... keys) {
    return new Call(
        method, direction, countKey, countsFromOffset, params, result, info, List.of(keys));
  }

  Call counting(String key, boolean fromOffset) {
    return new Call(method, direction, key, fromOffset, params, result, info, entry);
  }
}
