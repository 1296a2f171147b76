package example.drivers.inmemory;

import example.storagedriver.Feature;
import example.storagedriver.Program;
import java.util.Set;

/** The program of the driver. */
public final class InMemoryProgram {
  private InMemoryProgram() {}

  /** Runs it. */
  public static void main(String[] arguments) {
    Set<Feature> features =
        Set.of(Feature.MOVE_DIRECTORIES, Feature.UPLOADS, Feature.VOLATILE, Feature.WALK);
    new Program("java-inmemory", features, InMemoryDriver::new).main(arguments);
  }
}
