// One front end: TypeScript to one AMD module that Grafana 7.5 to 13 can load.
//
// It knows no repository: `ui` is the folder that holds src/module.ts and tsconfig.json. `cargo xtask new` copies this
// file into repositories of their own, so it stands beside the tools that it uses (node_modules).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import * as esbuild from 'esbuild';

const HERE = path.dirname(fileURLToPath(import.meta.url));

/** What Grafana shares with plugins in every version from 7.5 to 13. */
const SHARED = ['react', 'react-dom', '@grafana/data', '@grafana/runtime', '@grafana/ui', 'rxjs', 'rxjs/operators', 'lodash'];

/**
 * Type-checks and bundles, then writes ui/module.js, or compares with it if `check` is set. `name` is how the folder is
 * called in messages, `again` the command that writes the file. Gives whether all is well.
 */
export async function build(ui, { check, name, again }) {
  if (!typeCheck(ui)) {
    return false;
  }
  const built = await bundle(ui, name);
  const file = path.join(ui, 'module.js');
  if (!check) {
    fs.writeFileSync(file, built);
  } else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== built) {
    console.error(`${name}/module.js is not what its sources give: run "${again}"`);
    return false;
  }
  console.log(`${name}/module.js: ${built.length} bytes, ${check ? 'up to date' : 'written'}`);
  return true;
}

function typeCheck(ui) {
  const tsc = path.join(HERE, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', ui], { stdio: 'inherit' });
  return status === 0;
}

async function bundle(ui, name) {
  const result = await esbuild.build({
    absWorkingDir: ui,
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
  refuseUnshared(name, used);
  return amd(used, result.outputFiles[0].text);
}

function refuseUnshared(name, used) {
  const unknown = used.filter((one) => !SHARED.includes(one));
  if (unknown.length > 0) {
    throw new Error(`${name} imports ${unknown.join(', ')}, which Grafana does not share in every version`);
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
