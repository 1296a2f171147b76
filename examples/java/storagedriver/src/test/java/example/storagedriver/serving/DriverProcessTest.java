package example.storagedriver.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import example.storagedriver.serving.Host.HostChannel;
import example.storagedriver.session.Role;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class DriverProcessTest {
  private static Process start(String endpoint, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                DemoProgram.class.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    if (endpoint != null) {
      builder.environment().put("STORAGEDRIVER_ENDPOINT", endpoint);
    }
    return builder.start();
  }

  private static void write(Process process, String line) throws IOException {
    process.getOutputStream().write(line.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
  }

  @Test
  void versionIsOneLine() throws Exception {
    Process process = start(null, "--version");
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor());
    assertEquals(1, output.lines().count());
    JsonObject about = JsonParser.parseString(output).getAsJsonObject();
    assertEquals("demo", about.get("name").getAsString());
    assertEquals("0.1", about.get("version").getAsString());
    assertEquals("[\"ping\",\"volatile\"]", about.get("features").toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "      |      |                  | storagedriver check demo",
        "ipc:/x | {}   |                  | ended within the first line",
        "ipc:/x | {}   | x                | no JSON object",
        "ipc:/x | {}   | {}               | no \"token\"",
        "ipc:/x | -    | {\"token\": \"k\"} | the parameters are no JSON",
        "ipc:/x | null | {\"token\": \"k\"} | the parameters are no JSON",
      })
  void whatEndsWithUsage(String endpoint, String argument, String line, String says)
      throws Exception {
    Process process = argument == null ? start(endpoint) : start(endpoint, argument);
    if (line != null) {
      write(process, line + "\n");
    }
    process.getOutputStream().close();
    String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(64, process.waitFor());
    assertTrue(errors.contains(says), errors);
  }

  @Test
  void parametersAreFound() throws IOException {
    assertEquals(1, known("{\"token\": \"k\"}", "{\"known\": 1}"));
    assertEquals(1, known("{\"token\": \"k\", \"parameters\": {\"known\": 1}, \"later\": 0}", "-"));
    assertThrows(IOException.class, () -> known("{'token': 'k'}", "{}"));
    assertThrows(IOException.class, () -> known("{\"token\": \"k\"} {}", "{}"));
  }

  private static double known(String line, String argument) throws IOException {
    byte[] input = (line + "\n").getBytes(StandardCharsets.UTF_8);
    Lifeline.FirstLine first = Lifeline.readFirstLine(new ByteArrayInputStream(input), argument);
    assertEquals("k", first.token());
    return first.parameters().number("known").orElse(0);
  }

  /** A driver in a process, in the middle of a call, and its host. */
  private static final class Running implements AutoCloseable {
    final Host host = new Host();
    final Process process;
    final HostChannel worker;

    Running() throws Exception {
      try (ServerSocketChannel listener = host.listen("0")) {
        process = start(host.endpoint("0"), "{}");
        write(process, "{\"token\": \"" + Host.TOKEN + "\"}\n");
        host.control = host.accept(listener, Role.NEW);
      }
      host.hello();
      worker = host.worker();
      worker.request("Stat", Map.of("path", "/a"), null);
    }

    @Override
    public void close() throws Exception {
      process.destroyForcibly().waitFor();
      host.close();
    }
  }

  @Test
  void theEndOfTheLifelineEndsTheProcessInACall() throws Exception {
    try (Running running = new Running()) {
      running.process.getOutputStream().close();
      assertTrue(running.process.waitFor(20, TimeUnit.SECONDS));
      assertFalse(Files.exists(running.host.directory), "the sockets are left");
    }
  }

  @Test
  void theEndOfTheControlChannelEndsTheProcess() throws Exception {
    try (Running running = new Running()) {
      running.host.control.connection.close();
      assertTrue(running.process.waitFor(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void shutdownEndsTheProcessWhenTheLifelineEnds() throws Exception {
    try (Running running = new Running()) {
      running.host.control.succeed("Shutdown", Map.of(), null);
      running.process.getOutputStream().close();
      assertEquals(0, running.process.waitFor());
    }
  }
}
