package example.storagedriver.wire;

import example.storagedriver.wire.Checks.Check;
import example.storagedriver.wire.Checks.Misfit;

/**
 * A key of a map, or an element of an entry. Nil means the same as absent, and then {@code absent}
 * stands for it, unless the key is required.
 */
record Key(String name, Check check, boolean isRequired, Object absent) {
  static Key must(String name, Check check) {
    return new Key(name, check, true, null);
  }

  static Key may(String name, Check check, Object absent) {
    return new Key(name, check, false, absent);
  }

  /** Returns a value in its normal form; the error names the key. */
  Object normal(Object value) throws Misfit {
    if (value == null) {
      if (isRequired) {
        throw new Misfit(name + " is missing");
      }
      return absent;
    }
    try {
      return check.apply(value);
    } catch (Misfit misfit) {
      throw new Misfit(name + " " + misfit.getMessage());
    }
  }
}
