/** What drivers check of their parameters. */
import { invalidParameters } from './errors.js';

/** Throws InvalidParameters for one that is not among `known`. */
export function checkKnown(
  parameters: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  for (const name of Object.keys(parameters)) {
    if (!known.includes(name)) throw invalidParameters(name, 'is an unknown parameter');
  }
}
