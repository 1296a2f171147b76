package example.storagedriver;

import example.storagedriver.serving.DriverProcess;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * All that is needed to serve a driver.
 *
 * @param name that of the program behind {@code registry-storage-}
 * @param features that the driver has
 * @param factory makes the driver, once, when the host says Hello; its error reaches the host's
 *     caller
 */
public record Program(String name, Set<Feature> features, Factory factory) {
  /** Makes a driver. */
  @FunctionalInterface
  public interface Factory {
    /** Fails with InvalidParameters, among others. */
    StorageDriver make(Parameters parameters) throws IOException;
  }

  /**
   * Runs this process as the driver, and exits when the host has ended it. It takes over standard
   * input, and exits without unwinding when the host is gone. Exits with 64 when a person has
   * started the program.
   */
  public void main(String[] arguments) {
    new DriverProcess(this).run(arguments);
  }

  /** Returns the features as they are told to a host. */
  public List<String> toldFeatures() {
    Set<Feature> told = EnumSet.of(Feature.PING);
    told.addAll(features);
    return told.stream().map(Feature::wireName).sorted().toList();
  }

  /** Makes the driver. Fails if it is not what the features say. */
  public StorageDriver make(Parameters parameters) throws IOException {
    StorageDriver driver = factory.make(parameters);
    Map<Feature, Boolean> does =
        Map.of(
            Feature.WALK, driver instanceof Walker,
            Feature.UPLOADS, driver instanceof Uploader,
            Feature.URL_FOR, driver instanceof UrlMaker);
    for (Map.Entry<Feature, Boolean> one : does.entrySet()) {
      if (features.contains(one.getKey()) != one.getValue()) {
        throw new IllegalStateException(
            one.getKey() + " and the interfaces of " + driver.getClass() + " do not agree");
      }
    }
    return driver;
  }
}
