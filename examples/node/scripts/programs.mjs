// Puts the drivers into bin/, under the names by which a host finds them.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { URL } from 'node:url';

const bin = new URL('../bin/', import.meta.url);
mkdirSync(bin, { recursive: true });
for (const name of ['inmemory', 'filesystem']) {
  const program = new URL(`registry-storage-node-${name}`, bin);
  writeFileSync(program, `#!/usr/bin/env node\nimport '../dist/programs/${name}.js';\n`);
  chmodSync(program, 0o755);
}
