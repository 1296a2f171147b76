package example.storagedriver;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a content should have: give it the content, then ask. */
public final class Digest {
  // Of what a host sends to be compared with nothing depends on the strength of the algorithm.
  private static final Map<String, String> ALGORITHMS =
      Map.of(
          "md5", "MD5",
          "sha1", "SHA-1",
          "sha224", "SHA-224",
          "sha256", "SHA-256",
          "sha384", "SHA-384",
          "sha512", "SHA-512",
          "sha3_256", "SHA3-256",
          "sha3_512", "SHA3-512");

  private static final Pattern PATTERN = Pattern.compile("([a-z0-9_-]+):([0-9a-f]+)");

  private final MessageDigest digest;
  private final String expected;

  private Digest(MessageDigest digest, String expected) {
    this.digest = digest;
    this.expected = expected;
  }

  /** Reads {@code algorithm:hex}, in lower case. Fails with InvalidParameters. */
  public static Digest parse(String text) throws StorageException {
    Matcher match = PATTERN.matcher(text);
    if (!match.matches()) {
      throw refused("must be algorithm:hex, in lower case");
    }
    String algorithm = ALGORITHMS.get(match.group(1));
    if (algorithm == null) {
      throw refused(String.format("the algorithm %.40s is not known", match.group(1)));
    }
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      int digits = 2 * digest.getDigestLength();
      if (match.group(2).length() != digits) {
        throw refused("has not " + digits + " hexadecimal digits");
      }
      return new Digest(digest, match.group(2));
    } catch (NoSuchAlgorithmException failure) {
      throw refused("this Java does not have the algorithm " + match.group(1));
    }
  }

  private static StorageException refused(String reason) {
    return StorageException.invalidParameter("digest", reason);
  }

  /** Takes more of the content. */
  public void update(ByteBuffer content) {
    digest.update(content);
  }

  /** Tells whether all that was given has the digest. To be asked once. */
  public boolean matches() {
    return HexFormat.of().formatHex(digest.digest()).equals(expected);
  }
}
