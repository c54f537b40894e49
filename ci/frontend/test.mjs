// Loads every plugin's front end as real versions of Grafana do, and runs the plugin's checks on each.
//
//   node test.mjs                 all plugins in all cells that are installed
//   node test.mjs --install       installs the cells first (npm ci in each)
//   node test.mjs plugins/metrics --cell grafana-7.5
//
// A cell is one combination of SystemJS, React, @grafana/data and @grafana/runtime, in cells/<name>.
// No browser and no Grafana take part; drawing by the real @grafana/ui is not covered.
import { fork, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, '../..');
const CELLS = ['grafana-7.5', 'grafana-12.4', 'grafana-13.2'];
/** A cell takes a few seconds; one that hangs must not stop the others. */
const LONGEST_RUN_MS = 120_000;

function plugins() {
  const all = path.join(ROOT, 'plugins');
  const checked = (name) => fs.existsSync(path.join(all, name, 'ui/test/checks.cjs'));
  return fs.readdirSync(all).filter(checked).map((name) => `plugins/${name}`);
}

function install(cell) {
  const dir = path.join(HERE, 'cells', cell);
  const started = Date.now();
  const { status } = spawnSync('npm', ['ci', '--silent'], { cwd: dir, stdio: 'inherit' });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${cell}: ${status === 0 ? `installed in ${seconds} s` : 'npm ci failed'}`);
}

function runCell(cell, plugin) {
  return new Promise((resolve) => {
    const result = { versions: '', checks: [] };
    const child = fork(path.join(HERE, 'load/cell.cjs'), [path.join(HERE, 'cells', cell), path.join(ROOT, plugin)]);
    const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_RUN_MS);
    child.on('message', ({ versions, ...check }) => {
      if (versions) {
        result.versions = versions;
      } else {
        result.checks.push(check);
      }
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (result.checks.length === 0 || (code !== 0 && !result.checks.some((check) => check.failed))) {
        result.checks.push({ check: 'run', failed: `the cell ended with ${signal ?? `code ${code}`} after ${result.checks.length} checks` });
      }
      resolve(result);
    });
  });
}

async function main(args) {
  const cellAt = args.indexOf('--cell');
  const cells = cellAt >= 0 ? [args[cellAt + 1]] : CELLS;
  const named = args.filter((arg, i) => !arg.startsWith('--') && (cellAt < 0 || i !== cellAt + 1));
  if (args.includes('--install')) {
    cells.forEach(install);
  }
  let passed = 0;
  let failed = 0;
  const notRun = [];
  for (const plugin of named.length > 0 ? named : plugins()) {
    for (const cell of cells) {
      if (!fs.existsSync(path.join(HERE, 'cells', cell, 'node_modules'))) {
        notRun.push(`NOT RUN: ${plugin} in ${cell}: not installed; run "node ci/frontend/test.mjs --install"`);
        continue;
      }
      const { versions, checks } = await runCell(cell, plugin);
      const bad = checks.filter((check) => check.failed);
      console.log(`${plugin} in ${cell} (${versions}): ${bad.length === 0 ? 'ok' : 'FAILED'}, ${checks.length} checks`);
      bad.forEach((check) => console.log(`  ${check.check}: ${check.failed.replace(/\n/g, '\n    ')}`));
      passed += checks.length - bad.length;
      failed += bad.length;
    }
  }
  notRun.forEach((line) => console.log(line));
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
