/** Names that can be an object's. The host has checked them; a `..` must not get past us both. */
import { invalidPath } from '../../storagedriver/index.js';

const MAX_COMPONENT_BYTES = 255;
const MAX_PATH_BYTES = 1024;

/** A component takes a slash and a character at least, so nothing deeper has a path. */
export const MAX_DEPTH = MAX_PATH_BYTES / 2;

/** Whether a name in a directory can belong to a path; those of staging files cannot. */
export function isComponent(name: string): boolean {
  return /^[A-Za-z0-9._-]+$/.test(name) && name !== '.' && name !== '..';
}

/** Returns the names that a path consists of, none for `/`. Throws InvalidPath. */
export function componentsOf(path: string): string[] {
  if (path === '/') return [];
  const [first, ...names] = path.split('/');
  const fits = names.every((name) => isComponent(name) && name.length <= MAX_COMPONENT_BYTES);
  if (first !== '' || names.length === 0 || !fits || path.length > MAX_PATH_BYTES) {
    throw invalidPath(path);
  }
  return names;
}
