/** Versions of the protocol (11). */

export interface Version {
  readonly major: number;
  readonly minor: number;
}

/** What this library speaks. */
export const VERSION = '0.1';

/** Returns the version that the text is, undefined if it is none. */
export function parseVersion(text: string): Version | undefined {
  // Not $ alone: some engines let a final newline through, and this is read by people.
  const match = /^([0-9]{1,9})\.([0-9]{1,9})$/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

/** Returns the version that both speak, undefined if they do not fit. */
export function agree(host: Version, oldest: Version, driver: Version): Version | undefined {
  if (host.major !== driver.major || driver.minor < oldest.minor) return undefined;
  return { major: host.major, minor: Math.min(host.minor, driver.minor) };
}
