// What the two judges share: the packages of a cell, and frames printed so that nothing is lost in JSON.
//
// It judges nothing itself: it shows what the browser's code read, for a test to compare.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const { installBrowser } = createRequire(import.meta.url)('./browser.cjs');

/** A require that finds the packages of a cell, with a page around them. Ends the process if it is not installed. */
export function cellRequire(cell) {
  const dir = path.join(HERE, '../cells', cell);
  if (!fs.existsSync(path.join(dir, 'node_modules'))) {
    process.stdout.write(`NOT RUN: ${cell} is not installed; run "npm ci" in ci/frontend/cells/${cell}\n`);
    process.exit(2);
  }
  // Packages that miss a real page say so; stdout is for what was read.
  console.log = console.warn = () => {};
  const requireFromCell = createRequire(path.join(dir, 'package.json'));
  installBrowser(requireFromCell);
  const uiExports = fs.readFileSync(path.join(dir, 'ui-exports.txt'), 'utf8').split('\n').filter(Boolean);
  globalThis.graftwireCell = { React: requireFromCell('react'), uiExports };
  return requireFromCell;
}

/** The bytes of a file, or of stdin when none (or `-`) is named. */
export function input(file) {
  return fs.readFileSync(!file || file === '-' ? 0 : file);
}

/** A frame as the browser holds it, in plain JSON. */
export function plainFrame(frame) {
  return drop({ name: frame.name, refId: frame.refId, length: frame.length, meta: frame.meta, fields: frame.fields.map(plainField) });
}

function plainField(field) {
  const { name, type, labels, config, nanos, entities } = field;
  const values = Array.from(Array.isArray(field.values) ? field.values : field.values.toArray());
  return drop({ name, type, labels, config, nanos, entities: empty(entities) ? undefined : entities, values: values.map(plainValue) });
}

/** JSON has no NaN, infinities or 64-bit integers: they become text. */
function plainValue(value) {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return String(value);
  }
  if (typeof value === 'bigint') {
    return value.toString();
  }
  return value === undefined ? null : value;
}

const empty = (value) => value === undefined || value === null || Object.keys(value).length === 0;
const drop = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null));

/** Prints on stdout; the loading packages must not have the last word there. */
export function print(judged) {
  process.stdout.write(`${JSON.stringify(judged, null, 2)}\n`, () => process.exit(0));
}
