package example.drivers.filesystem;

import example.storagedriver.Walker.Visitor;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Gives every object below a directory, in byte order of the path. Each directory is seen as it is
 * when the walk comes to it.
 */
final class TreeWalk {
  private final String startAfter;
  private final Visitor visitor;

  TreeWalk(String startAfter, Visitor visitor) {
    this.startAfter = startAfter;
    this.visitor = visitor;
  }

  /** Walks through an open directory. Nothing that has a path is too deep for this. */
  void run(Directory directory, String path, int depth) throws IOException {
    String above = path.equals("/") ? path : path + "/";
    for (Map.Entry<String, Visible.Entry> one : sorted(directory).entrySet()) {
      Visible.Entry entry = one.getValue();
      String child = above + entry.name();
      if (!entry.status().isDirectory()) {
        if (child.compareTo(startAfter) > 0) {
          visitor.visit(Visible.info(child, entry.status()));
        }
        // All that is below sorts before child + "0", as "0" follows "/".
      } else if ((child + "0").compareTo(startAfter) > 0 && depth < Visible.MAX_DEPTH) {
        below(directory, entry, child, depth + 1);
      }
    }
  }

  private static Map<String, Visible.Entry> sorted(Directory directory) throws IOException {
    List<Visible.Entry> entries = Visible.entries(directory);
    Map<String, Visible.Entry> sorted = new TreeMap<>();
    // What is below a directory stands where its path and a slash would: /a-b comes before /a/b.
    entries.forEach(
        entry -> sorted.put(entry.name() + (entry.status().isDirectory() ? "/" : ""), entry));
    return sorted;
  }

  private void below(Directory parent, Visible.Entry entry, String path, int depth)
      throws IOException {
    Directory directory;
    try {
      directory = parent.open(entry.name());
    } catch (NoSuchFileException vanished) {
      return;
    } catch (IOException failure) {
      if (SystemErrors.isNoDirectory(failure)) {
        return;
      }
      throw failure;
    }
    try (directory) {
      run(directory, path, depth);
    }
  }
}
