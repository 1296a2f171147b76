package example.drivers.filesystem;

import example.storagedriver.Feature;
import example.storagedriver.Program;
import java.util.Set;

/** The program of the driver. */
public final class FilesystemProgram {
  private FilesystemProgram() {}

  /** Runs it. */
  public static void main(String[] arguments) {
    Set<Feature> features =
        Set.of(Feature.CONSTANT_MEMORY, Feature.MOVE_DIRECTORIES, Feature.UPLOADS, Feature.WALK);
    new Program("java-filesystem", features, FilesystemDriver::new).main(arguments);
  }
}
