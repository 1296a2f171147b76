package example.storagedriver.zmtp;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The greeting of ZMTP 3.0, and the READY commands of the mechanism NULL. */
final class Greeting {
  /** Signature, version, mechanism, as-server, filler. */
  static final int BYTES = 64;

  private static final int SIGNATURE_END = 9;
  private static final int VERSION_AT = 10;
  private static final int MECHANISM_AT = 12;
  private static final int MECHANISM_BYTES = 20;
  private static final int VERSION = 3;
  private static final byte[] NULL = Arrays.copyOf(bytes("NULL"), MECHANISM_BYTES);
  private static final String READY = "READY";
  private static final String SOCKET_TYPE = "Socket-Type";
  private static final String PAIR = "PAIR";

  private Greeting() {}

  /** Returns what this end says: greeting and READY, at once. */
  static ByteBuffer ours() {
    byte[] ready = ready();
    ByteBuffer ours = ByteBuffer.allocate(BYTES + 2 + ready.length);
    ours.put(0, (byte) 0xff).put(SIGNATURE_END, (byte) 0x7f).put(VERSION_AT, (byte) VERSION);
    ours.position(MECHANISM_AT).put(NULL).position(BYTES);
    return ours.put((byte) Connection.COMMAND).put((byte) ready.length).put(ready).flip();
  }

  private static byte[] ready() {
    ByteBuffer body = ByteBuffer.allocate(64);
    putShort(body, READY);
    putShort(body, SOCKET_TYPE);
    body.putInt(PAIR.length()).put(bytes(PAIR));
    return Arrays.copyOf(body.array(), body.position());
  }

  private static void putShort(ByteBuffer body, String text) {
    body.put((byte) text.length()).put(bytes(text));
  }

  static void check(ByteBuffer greeting) throws IOException {
    if (greeting.get(0) != (byte) 0xff || (greeting.get(SIGNATURE_END) & 1) == 0) {
      throw new IOException("the peer is no ZeroMQ");
    }
    if (greeting.get(VERSION_AT) < VERSION) {
      throw new IOException("the peer speaks ZMTP " + greeting.get(VERSION_AT));
    }
    byte[] mechanism = new byte[MECHANISM_BYTES];
    greeting.get(MECHANISM_AT, mechanism);
    if (!Arrays.equals(mechanism, NULL)) {
      throw new IOException("the peer wants another mechanism than NULL");
    }
  }

  static void checkReady(byte[] command) throws IOException {
    ByteBuffer body = ByteBuffer.wrap(command);
    try {
      if (!text(body, Byte.toUnsignedInt(body.get())).equals(READY)) {
        throw new IOException("the peer is not ready");
      }
      while (body.hasRemaining()) {
        String name = text(body, Byte.toUnsignedInt(body.get()));
        String value = text(body, body.getInt());
        if (name.equalsIgnoreCase(SOCKET_TYPE)) {
          checkType(value);
          return;
        }
      }
    } catch (BufferUnderflowException failure) {
      throw new IOException("the peer's READY is cut short", failure);
    }
    throw new IOException("the peer does not tell its type of socket");
  }

  private static void checkType(String type) throws IOException {
    if (!type.equals(PAIR)) {
      throw new IOException(String.format("the peer is a socket of the type %.20s", type));
    }
  }

  private static String text(ByteBuffer body, int size) {
    if (size < 0 || size > body.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] text = new byte[size];
    body.get(text);
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
