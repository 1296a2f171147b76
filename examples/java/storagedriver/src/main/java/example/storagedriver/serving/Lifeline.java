package example.storagedriver.serving;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import example.storagedriver.Parameters;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** Standard input: its first line, and its end, which is that of the host. */
final class Lifeline {
  // Parameters are configuration, not data.
  private static final int MAX_LINE_BYTES = 16 << 20;

  // How often the parent is looked at, in case somebody else holds the other end of the pipe.
  private static final long PARENT_MILLIS = 1000;

  private Lifeline() {}

  /** What the host says before anything else. */
  record FirstLine(String token, Parameters parameters) {}

  /** Reads the first line, and the parameters from wherever they stand. */
  static FirstLine readFirstLine(InputStream input, String argument) throws IOException {
    JsonObject said = object(readLine(input), "the first line of standard input is");
    if (!(said.get("token") instanceof JsonPrimitive token) || !token.isString()) {
      throw new IOException("the first line of standard input has no \"token\"");
    }
    JsonElement given = said.get("parameters");
    // An error does not show what is there: it may be a secret.
    String source = given == null || given.isJsonNull() ? argument : given.toString();
    return new FirstLine(token.getAsString(), new Parameters(object(source, "the parameters are")));
  }

  private static JsonObject object(String text, String what) throws IOException {
    JsonReader reader = new JsonReader(new StringReader(text));
    reader.setStrictness(Strictness.STRICT);
    try {
      JsonElement parsed = JsonParser.parseReader(reader);
      if (parsed.isJsonObject() && reader.peek() == JsonToken.END_DOCUMENT) {
        return parsed.getAsJsonObject();
      }
    } catch (JsonParseException | IOException failure) {
      // Told below, without what is there.
    }
    throw new IOException(what + " no JSON object");
  }

  private static String readLine(InputStream input) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    byte[] buffer = new byte[8 << 10];
    int last = -1;
    // Nothing comes after the line.
    while (last != '\n') {
      int size = input.read(buffer);
      if (size < 0) {
        throw new IOException("standard input ended within the first line");
      }
      line.write(buffer, 0, size);
      last = buffer[size - 1];
      if (line.size() > MAX_LINE_BYTES) {
        throw new IOException("the first line of standard input is too long");
      }
    }
    return line.toString(StandardCharsets.UTF_8);
  }

  /**
   * Runs {@code onEnd} when standard input has ended or the parent is another one, and then counts
   * down what it returns.
   */
  static CountDownLatch watch(InputStream input, Runnable onEnd) {
    CountDownLatch ended = new CountDownLatch(1);
    Runnable end =
        () -> {
          onEnd.run();
          ended.countDown();
        };
    Threads.start(
        "lifeline",
        () -> {
          awaitEnd(input);
          end.run();
        });
    Optional<Long> parent = parent();
    Threads.start(
        "parent",
        () -> {
          awaitOther(parent);
          end.run();
        });
    return ended;
  }

  private static void awaitEnd(InputStream input) {
    try {
      input.transferTo(OutputStream.nullOutputStream());
    } catch (IOException failure) {
      // As good as its end.
    }
  }

  private static void awaitOther(Optional<Long> parent) {
    // While it cannot be known, as there are no descriptors left to ask by, it is the same.
    while (parent().or(() -> parent).equals(parent)) {
      try {
        Thread.sleep(PARENT_MILLIS);
      } catch (InterruptedException unexpected) {
        throw new IllegalStateException(unexpected);
      }
    }
  }

  private static Optional<Long> parent() {
    return ProcessHandle.current().parent().map(ProcessHandle::pid);
  }
}
