package example.storagedriver;

import java.io.IOException;

/** A driver with {@link Feature#WALK}. */
public interface Walker {
  /**
   * Gives every object below a directory that sorts behind {@code startAfter}, in byte order of the
   * full path. What list refuses is refused here too. What the visitor throws goes on as it is: the
   * host has enough.
   */
  void walk(String path, String startAfter, Visitor visitor) throws IOException;

  /** Takes what a walk finds. */
  @FunctionalInterface
  interface Visitor {
    /** Takes one object. */
    void visit(FileInfo info) throws IOException;
  }
}
