// Builds the front ends of this repository's plugins, and of the template that new ones are made from.
//
//   node build.mjs plugins/metrics            type-checks, builds, writes plugins/metrics/ui/module.js
//   node build.mjs --check plugins/metrics    the same, but compares with the checked-in file
//   node build.mjs                            all plugins
//
// The result holds only our code (every library comes from Grafana), so it is checked in and packaging needs no Node.
// No source map is written: the file is small and the sources lie beside it in the repository.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from './bundle.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

function plugins() {
  const below = (dir) => fs.readdirSync(path.join(ROOT, dir)).map((name) => `${dir}/${name}`);
  return ['plugins', 'templates'].flatMap(below).filter((one) => fs.existsSync(path.join(ROOT, one, 'ui/src/module.ts')));
}

async function main(args) {
  const check = args.includes('--check');
  const named = args.filter((arg) => !arg.startsWith('--')).map((arg) => arg.replace(/\/$/, ''));
  let good = true;
  for (const plugin of named.length > 0 ? named : plugins()) {
    const ui = path.resolve(ROOT, plugin, 'ui');
    good = (await build(ui, { check, name: `${plugin}/ui`, again: `node ci/frontend/build.mjs ${plugin}` })) && good;
  }
  return good ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
