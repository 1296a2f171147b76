package example.storagedriver;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.OptionalDouble;

/** The parameters of a driver, with the types of JSON. */
public final class Parameters {
  private final JsonObject given;

  /** Wraps what the host has given. */
  public Parameters(JsonObject given) {
    this.given = given;
  }

  /** Fails with InvalidParameters if there is one that is not among the known ones. */
  public void checkKnown(String... known) throws StorageException {
    for (String name : given.keySet()) {
      if (!List.of(known).contains(name)) {
        throw StorageException.invalidParameter(
            name, "unknown parameter; known: " + String.join(", ", known));
      }
    }
  }

  /** Tells whether there is one of this name. */
  public boolean has(String name) {
    return given.has(name);
  }

  /** Returns a text, null if it is absent or no text. */
  public String text(String name) {
    return given.get(name) instanceof JsonPrimitive value && value.isString()
        ? value.getAsString()
        : null;
  }

  /** Returns a number, empty if it is absent or no number. */
  public OptionalDouble number(String name) {
    JsonElement value = given.get(name);
    return value instanceof JsonPrimitive primitive && primitive.isNumber()
        ? OptionalDouble.of(value.getAsDouble())
        : OptionalDouble.empty();
  }
}
