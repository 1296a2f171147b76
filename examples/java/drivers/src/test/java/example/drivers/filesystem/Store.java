package example.drivers.filesystem;

import com.google.gson.JsonObject;
import example.storagedriver.Parameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;

/** Drivers and files for tests. */
final class Store {
  private Store() {}

  static FilesystemDriver driver(Path root) throws IOException {
    JsonObject parameters = new JsonObject();
    parameters.addProperty("rootdirectory", root.toString());
    return new FilesystemDriver(new Parameters(parameters));
  }

  /** Lets a file look as old as that. */
  static void age(Path file, Duration by) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(by)));
  }
}
