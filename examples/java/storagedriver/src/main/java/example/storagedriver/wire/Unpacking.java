package example.storagedriver.wire;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.ValueType;

/**
 * Values of msgpack from an array of bytes, one after another. The library's own trees are not
 * used: the limits of the protocol have to be checked before memory is taken.
 */
final class Unpacking {
  private final int size;
  private final MessageUnpacker unpacker;

  Unpacking(byte[] data) {
    this.size = data.length;
    this.unpacker = MessagePack.newDefaultUnpacker(data);
  }

  /** Tells how many bytes are left. */
  int left() {
    return size - position();
  }

  int position() {
    return (int) unpacker.getTotalReadBytes();
  }

  /** Returns the next value, which must be an array. */
  List<?> nextArray() throws ProtocolException {
    if (next() instanceof List<?> elements) {
      return elements;
    }
    throw ProtocolException.of("an array is needed");
  }

  /** Returns the next value. */
  Object next() throws ProtocolException {
    try {
      return value(Limits.MAX_NESTING_LEVELS);
    } catch (IOException | MessagePackException failure) {
      throw ProtocolException.of("malformed: %s", failure);
    }
  }

  private Object value(int levels) throws IOException, ProtocolException {
    ValueType type = unpacker.getNextFormat().getValueType();
    switch (type) {
      case NIL:
        unpacker.unpackNil();
        return null;
      case BOOLEAN:
        return unpacker.unpackBoolean();
      case INTEGER:
        return integer();
      case FLOAT:
        return unpacker.unpackDouble();
      case STRING:
        return text();
      case BINARY:
        return payload(unpacker.unpackBinaryHeader());
      case ARRAY:
        return items(levels);
      case MAP:
        return pairs(levels);
      default:
        throw ProtocolException.of("malformed: a type that is not allowed, %s", type);
    }
  }

  private Object integer() throws IOException {
    BigInteger number = unpacker.unpackBigInteger();
    return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
  }

  private String text() throws IOException, ProtocolException {
    byte[] text = payload(unpacker.unpackRawStringHeader());
    try {
      // Strict, as the library's own way of a text is not.
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
    } catch (CharacterCodingException failure) {
      throw ProtocolException.of("malformed: a text is not UTF-8");
    }
  }

  private byte[] payload(int size) throws IOException, ProtocolException {
    // A length may lie, and memory would be taken for it.
    if (size > left()) {
      throw ProtocolException.of("malformed: it ends too early");
    }
    return unpacker.readPayload(size);
  }

  private List<Object> items(int levels) throws IOException, ProtocolException {
    int size = container(unpacker.unpackArrayHeader(), levels);
    List<Object> items = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      items.add(value(levels - 1));
    }
    return items;
  }

  private Map<String, Object> pairs(int levels) throws IOException, ProtocolException {
    int size = container(unpacker.unpackMapHeader(), levels);
    Map<String, Object> pairs = new LinkedHashMap<>();
    for (int i = 0; i < size; i++) {
      if (unpacker.getNextFormat().getValueType() != ValueType.STRING) {
        throw ProtocolException.of("a key of a map must be a text");
      }
      pairs.put(text(), value(levels - 1));
    }
    if (pairs.size() != size) {
      throw ProtocolException.of("a map has the same key twice");
    }
    return pairs;
  }

  private static int container(int size, int levels) throws ProtocolException {
    if (size > Limits.MAX_CONTAINER_ITEMS) {
      throw ProtocolException.of("an array or map of more than %d", Limits.MAX_CONTAINER_ITEMS);
    }
    if (levels == 0) {
      throw ProtocolException.of("nested deeper than %d levels", Limits.MAX_NESTING_LEVELS);
    }
    return size;
  }
}
