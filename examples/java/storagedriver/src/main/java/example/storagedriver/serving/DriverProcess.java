package example.storagedriver.serving;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import example.storagedriver.Program;
import example.storagedriver.ProtocolVersion;
import example.storagedriver.zmtp.Endpoint;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** This process as the driver of a program. */
public final class DriverProcess {
  private static final String ENDPOINT_VARIABLE = "STORAGEDRIVER_ENDPOINT";
  private static final String PREFIX = "registry-storage-";

  // EX_USAGE of sysexits.h.
  private static final int EXIT_USAGE = 64;

  // Exiting right after a send might lose what was sent; the host lets go when it has it.
  private static final long LAST_ANSWER_SECONDS = 5;

  private final Program program;
  private final String endpoint = System.getenv(ENDPOINT_VARIABLE);

  /** Makes it, and does nothing yet. */
  public DriverProcess(Program program) {
    this.program = program;
  }

  /** Runs it to its end, and exits. */
  public void run(String[] arguments) {
    if (arguments.length == 1 && arguments[0].equals("--version")) {
      System.out.println(about());
      exit(0);
    }
    if (endpoint == null || endpoint.isEmpty() || arguments.length != 1) {
      explain();
      exit(EXIT_USAGE);
    }
    Lifeline.FirstLine first = null;
    try {
      first = Lifeline.readFirstLine(System.in, arguments[0]);
    } catch (IOException failure) {
      System.err.println(PREFIX + program.name() + ": " + failure.getMessage());
      exit(EXIT_USAGE);
    }
    serve(new Serving(program, first.parameters(), first.token(), endpoint));
  }

  private void serve(Serving serving) {
    CountDownLatch ended =
        Lifeline.watch(
            System.in,
            () -> {
              if (!serving.isEnding()) {
                exitWithoutHost();
              }
            });
    if (!serving.run()) {
      exitWithoutHost();
    }
    try {
      ended.await(LAST_ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException unexpected) {
      // It exits either way.
    }
    exit(0);
  }

  private String about() {
    JsonArray features = new JsonArray();
    program.toldFeatures().forEach(features::add);
    JsonArray transports = new JsonArray();
    transports.add("ipc");
    transports.add("tcp");
    JsonObject about = new JsonObject();
    about.addProperty("name", program.name());
    about.addProperty("version", ProtocolVersion.CURRENT.toString());
    about.add("features", features);
    about.add("transports", transports);
    return about.toString();
  }

  private void explain() {
    String name = program.name();
    System.err.printf(
        "%s%s is the storage driver '%s'; a host program starts it and talks to it.%n"
            + "To use it from a terminal: storagedriver check %s, or storagedriver --help.%n",
        PREFIX, name, name, name);
  }

  /**
   * Ends the process in the middle of whatever it does: the host is gone. The sockets that a killed
   * host leaves are removed.
   */
  private void exitWithoutHost() {
    String path = Endpoint.socketPath(endpoint);
    if (path != null) {
      try {
        removeSockets(Path.of(path).toAbsolutePath().getParent());
      } catch (IOException | RuntimeException failure) {
        // They are in nobody's way.
      }
    }
    exit(0);
  }

  /**
   * Removes a directory of sockets. What is no socket of a channel stays, and the directory with
   * it.
   */
  private static void removeSockets(Path directory) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        boolean isNumber = entry.getFileName().toString().matches("[0-9]+");
        if (isNumber && isSocket(entry)) {
          Files.deleteIfExists(entry);
        }
      }
    }
    Files.delete(directory);
  }

  private static boolean isSocket(Path path) throws IOException {
    int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    return (mode & 0170000) == 0140000;
  }

  /** Ends the process without unwinding: a thread may be anywhere, and hooks would wait for it. */
  private static void exit(int status) {
    System.out.flush();
    System.err.flush();
    Runtime.getRuntime().halt(status);
  }
}
