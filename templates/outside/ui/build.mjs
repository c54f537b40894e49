// Builds the front end: `npm ci` in this folder once, then
//
//   node ui/build.mjs            type-checks, builds, writes ui/module.js
//   node ui/build.mjs --check    fails if the checked-in ui/module.js is not what the sources give
//
// ui/module.js is checked in, so that packaging needs no Node.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from './bundle.mjs';

const ui = path.dirname(fileURLToPath(import.meta.url));
const check = process.argv.includes('--check');
process.exitCode = (await build(ui, { check, name: 'ui', again: 'node ui/build.mjs' })) ? 0 : 1;
