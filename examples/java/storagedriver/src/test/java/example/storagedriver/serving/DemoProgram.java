package example.storagedriver.serving;

import example.storagedriver.Feature;
import example.storagedriver.Program;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/** A driver in a process of its own, whose Stat never returns. */
final class DemoProgram {
  private DemoProgram() {}

  public static void main(String[] arguments) {
    FakeDriver driver = new FakeDriver();
    driver.statWaits = new CountDownLatch(1);
    new Program(
            "demo",
            Set.of(Feature.VOLATILE),
            parameters -> {
              parameters.checkKnown("known");
              return driver;
            })
        .main(arguments);
  }
}
