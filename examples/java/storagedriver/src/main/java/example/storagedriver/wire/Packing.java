package example.storagedriver.wire;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/** Values into the bytes of msgpack. */
public final class Packing {
  private final MessageBufferPacker packer = MessagePack.newDefaultBufferPacker();

  /** Returns the bytes of one value. Fails for a type that a message may not hold. */
  public static byte[] pack(Object value) throws ProtocolException {
    return new Packing().value(value).toBytes();
  }

  byte[] toBytes() {
    return packer.toByteArray();
  }

  Packing array(int size) throws ProtocolException {
    return packed(() -> packer.packArrayHeader(size));
  }

  Packing binary(ByteBuffer content) throws ProtocolException {
    byte[] copied = new byte[content.remaining()];
    content.duplicate().get(copied);
    return value(copied);
  }

  Packing value(Object value) throws ProtocolException {
    return packed(() -> write(value));
  }

  private interface Step {
    void run() throws IOException;
  }

  private Packing packed(Step step) throws ProtocolException {
    try {
      step.run();
      return this;
    } catch (CharacterCodingException failure) {
      throw ProtocolException.of("a text cannot be sent: it is not Unicode");
    } catch (IOException failure) {
      throw new ProtocolException(failure.getMessage());
    }
  }

  private void write(Object value) throws IOException {
    if (value == null) {
      packer.packNil();
    } else if (value instanceof String text) {
      writeText(text);
    } else if (value instanceof Boolean flag) {
      packer.packBoolean(flag);
    } else if (value instanceof Integer || value instanceof Long) {
      packer.packLong(((Number) value).longValue());
    } else if (value instanceof BigInteger number) {
      packer.packBigInteger(number);
    } else if (value instanceof Double number) {
      packer.packDouble(number);
    } else if (value instanceof byte[] binary) {
      packer.packBinaryHeader(binary.length);
      packer.addPayload(binary);
    } else if (value instanceof Collection<?> items) {
      packer.packArrayHeader(items.size());
      for (Object item : items) {
        write(item);
      }
    } else if (value instanceof Map<?, ?> pairs) {
      packer.packMapHeader(pairs.size());
      for (Map.Entry<?, ?> pair : pairs.entrySet()) {
        write(pair.getKey());
        write(pair.getValue());
      }
    } else {
      throw new IOException("a value of " + value.getClass() + " cannot be sent");
    }
  }

  private void writeText(String text) throws IOException {
    // Not packString, which sends a question mark for half a surrogate pair.
    ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
    packer.packRawStringHeader(encoded.remaining());
    packer.writePayload(encoded.array(), encoded.position(), encoded.remaining());
  }
}
