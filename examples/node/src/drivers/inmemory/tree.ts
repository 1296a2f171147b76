/** A tree of objects by path, in maps: the namespace of the inmemory driver. */
import {
  isADirectory,
  notADirectory,
  pathNotFound,
  type FileInfo,
  type Time,
} from '../../storagedriver/index.js';
import { sizeOf, type Segments } from './segments.js';

/** One object as it was written; a write puts another in its place. */
export interface StoredObject {
  readonly segments: Segments;
  readonly modTime: Time;
  readonly version: Uint8Array;
}

export type Directory = Map<string, Node>;
export type Node = StoredObject | Directory;

/** Objects and the directories above them; a directory is there while something is in it. */
export class Tree {
  readonly #root: Directory = new Map();

  /** Throws PathNotFound, or NotADirectory below an object. */
  find(path: string): Node {
    let node: Node = this.#root;
    for (const name of namesOf(path)) {
      if (!(node instanceof Map)) throw notADirectory(path);
      const found = node.get(name);
      if (found === undefined) throw pathNotFound(path);
      node = found;
    }
    return node;
  }

  /** Throws as `find`, and IsADirectory. */
  findObject(path: string): StoredObject {
    const node = this.find(path);
    if (node instanceof Map) throw isADirectory(path);
    return node;
  }

  /** Throws as `find`, and NotADirectory for an object. */
  findDirectory(path: string): Directory {
    const node = this.find(path);
    if (!(node instanceof Map)) throw notADirectory(path);
    return node;
  }

  /**
   * Returns the object that a write would replace, undefined if nothing is there.
   *
   * Throws IsADirectory, and NotADirectory below an object.
   */
  findReplaceable(path: string): StoredObject | undefined {
    let node: Node = this.#root;
    for (const name of namesOf(path)) {
      if (!(node instanceof Map)) throw notADirectory(path);
      const found = node.get(name);
      if (found === undefined) return undefined;
      node = found;
    }
    if (node instanceof Map) throw isADirectory(path);
    return node;
  }

  /** Puts something in its place, and makes the directories above; all has been checked. */
  place(path: string, node: Node): void {
    const names = namesOf(path);
    const leaf = names.pop() ?? '';
    let directory = this.#root;
    for (const name of names) {
      let below = directory.get(name);
      if (!(below instanceof Map)) directory.set(name, (below = new Map<string, Node>()));
      directory = below;
    }
    directory.set(leaf, node);
  }

  /** Removes what is there, and the directories above that are empty then. */
  remove(path: string): void {
    const names = namesOf(path);
    const chain = [this.#root];
    for (const name of names.slice(0, -1)) {
      const below = chain.at(-1)?.get(name);
      if (!(below instanceof Map)) return;
      chain.push(below);
    }
    for (const [index, directory] of [...chain.entries()].reverse()) {
      directory.delete(names[index] ?? '');
      if (directory.size > 0) return;
    }
  }
}

/** Iterates over the objects below a directory, in byte order, as each directory is by then. */
export function* walk(tree: Tree, path: string, startAfter: string): Iterable<FileInfo> {
  const stack = visits(path === '/' ? '' : path, tree.findDirectory(path), startAfter);
  for (let visit; (visit = stack.pop()) !== undefined;) {
    if (!(visit.node instanceof Map)) yield infoOf(visit.path, visit.node);
    // A deleted directory is empty, and one that has moved is listed where it is now.
    else stack.push(...visits(visit.path, visit.node, startAfter));
  }
}

export function infoOf(path: string, node: Node): FileInfo {
  if (node instanceof Map) return { path, size: 0, modTime: null, isDirectory: true };
  return { path, size: sizeOf(node.segments), modTime: node.modTime, isDirectory: false };
}

interface Visit {
  readonly path: string;
  readonly node: Node;
  /** What is below a directory stands where its path and a slash would: /a-b before /a/b. */
  readonly sortKey: string;
}

/** What there is to visit in a directory, the first last. */
function visits(above: string, directory: Directory, startAfter: string): Visit[] {
  const found: Visit[] = [];
  for (const [name, node] of directory) {
    const path = `${above}/${name}`;
    const isDirectory = node instanceof Map;
    // All that is below a directory sorts before its path and "0", as "0" follows "/".
    if ((isDirectory ? `${path}0` : path) <= startAfter) continue;
    found.push({ path, node, sortKey: isDirectory ? `${path}/` : path });
  }
  return found.sort((one, other) => (one.sortKey < other.sortKey ? 1 : -1));
}

function namesOf(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/');
}
