// Builds the front end of a plugin: TypeScript to one AMD module that Grafana 7.5 to 13 can load.
//
//   node build.mjs plugins/metrics            type-checks, builds, writes plugins/metrics/ui/module.js
//   node build.mjs --check plugins/metrics    the same, but compares with the checked-in file
//   node build.mjs                            all plugins
//
// The result holds only our code (every library comes from Grafana), so it is checked in and packaging needs no Node.
// No source map is written: the file is small and the sources lie beside it in the repository.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import * as esbuild from 'esbuild';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, '../..');

/** What Grafana shares with plugins in every version from 7.5 to 13. */
const SHARED = ['react', 'react-dom', '@grafana/data', '@grafana/runtime', '@grafana/ui', 'rxjs', 'rxjs/operators', 'lodash'];

export function plugins() {
  const all = path.join(ROOT, 'plugins');
  const hasUi = (name) => fs.existsSync(path.join(all, name, 'ui/src/module.ts'));
  return fs.readdirSync(all).filter(hasUi).map((name) => `plugins/${name}`);
}

function typeCheck(plugin) {
  const tsc = path.join(HERE, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', path.join(ROOT, plugin, 'ui')], { stdio: 'inherit' });
  return status === 0;
}

export async function bundle(plugin) {
  const result = await esbuild.build({
    absWorkingDir: path.join(ROOT, plugin, 'ui'),
    entryPoints: ['src/module.ts'],
    tsconfigRaw: {},
    bundle: true,
    write: false,
    minify: true,
    metafile: true,
    format: 'cjs',
    platform: 'browser',
    target: 'es2018',
    charset: 'ascii',
    external: SHARED,
    // Classic JSX: react/jsx-runtime is missing or different in parts of the range.
    jsx: 'transform',
    jsxFactory: 'React.createElement',
    jsxFragment: 'React.Fragment',
  });
  const [output] = Object.values(result.metafile.outputs);
  const used = output.imports.map((one) => one.path).filter((one, i, all) => all.indexOf(one) === i);
  refuseUnshared(plugin, used);
  return amd(used, result.outputFiles[0].text);
}

function refuseUnshared(plugin, used) {
  const unknown = used.filter((name) => !SHARED.includes(name));
  if (unknown.length > 0) {
    throw new Error(`${plugin} imports ${unknown.join(', ')}, which Grafana does not share in every version`);
  }
}

/** One anonymous define around CommonJS, which esbuild cannot write itself. */
function amd(used, code) {
  const names = used.map((_, i) => `d${i}`);
  const table = used.map((name, i) => `${JSON.stringify(name)}:${names[i]}`);
  return (
    `define(${JSON.stringify(used)},function(${names}){var m={exports:{}},r={${table}};` +
    `(function(module,exports,require){${code.trim()}})(m,m.exports,function(n){return r[n]});return m.exports});\n`
  );
}

async function main(args) {
  const check = args.includes('--check');
  const named = args.filter((arg) => !arg.startsWith('--')).map((arg) => arg.replace(/\/$/, ''));
  let good = true;
  for (const plugin of named.length > 0 ? named : plugins()) {
    good = typeCheck(plugin) && (await buildOne(plugin, check)) && good;
  }
  return good ? 0 : 1;
}

async function buildOne(plugin, check) {
  const built = await bundle(plugin);
  const file = path.join(ROOT, plugin, 'ui/module.js');
  if (!check) {
    fs.writeFileSync(file, built);
  } else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== built) {
    console.error(`${plugin}/ui/module.js is not what its sources give: run "node ci/frontend/build.mjs ${plugin}"`);
    return false;
  }
  console.log(`${plugin}/ui/module.js: ${built.length} bytes, ${check ? 'up to date' : 'written'}`);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
