// Loads every plugin's front end as real versions of Grafana do, and runs the plugin's checks on each.
//
//   node test.mjs                 all plugins in all cells that are installed
//   node test.mjs --install       installs the cells and the build tools first (npm ci in each)
//   node test.mjs plugins/metrics --cell grafana-7.5
//   node test.mjs /a/folder       a plugin outside of this repository
//
// A cell is one combination of SystemJS, React, @grafana/data and @grafana/runtime, in cells/<name>.
// No browser and no Grafana take part; drawing by the real @grafana/ui is not covered.
import assert from 'node:assert/strict';
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
  const below = (dir) => fs.readdirSync(path.join(ROOT, dir)).map((name) => `${dir}/${name}`);
  const checked = (plugin) => fs.existsSync(path.join(ROOT, plugin, 'ui/test/checks.cjs'));
  return ['plugins', 'templates'].flatMap(below).filter(checked);
}

function install(name, dir) {
  const started = Date.now();
  const { status } = spawnSync('npm', ['ci', '--silent'], { cwd: dir, stdio: 'inherit' });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${name}: ${status === 0 ? `installed in ${seconds} s` : 'npm ci failed'}`);
}

function runCell(cell, plugin) {
  return new Promise((resolve) => {
    const result = { versions: '', checks: [] };
    const child = fork(path.join(HERE, 'load/cell.cjs'), [path.join(HERE, 'cells', cell), path.resolve(ROOT, plugin)]);
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

/** The judges read one frame of the Go SDK alike, from Arrow and from JSON, and keep what JSON cannot say. */
function judgeChecks() {
  const run = (script, args, input) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(HERE, script), ...args], { input, encoding: 'utf8' });
    return status === 0 ? JSON.parse(stdout) : Promise.reject(new Error(`${script} ended with ${status}: ${stdout}${stderr}`));
  };
  const fixture = (name) => path.join(HERE, 'fixtures', name);
  return {
    async 'the same frame from Arrow and from JSON'() {
      const json = await run('judge-frames.mjs', [fixture('contract_timeseries_wide.json')]);
      assert.equal(json.frames[0].fields.length, 4);
      assert.deepEqual(await run('judge-arrow.mjs', [fixture('contract_timeseries_wide.arrow')]), json);
      const base64 = fs.readFileSync(fixture('contract_timeseries_wide.arrow')).toString('base64');
      const answer = JSON.stringify({ results: { A: { dataframes: [base64] } } });
      assert.deepEqual(await run('judge-arrow.mjs', [], answer), json);
    },
    async 'an answer with an error, NaN and nanoseconds'() {
      const schema = { refId: 'A', fields: [{ name: 't', type: 'time' }, { name: 'v', type: 'number', labels: { a: 'b' } }] };
      const data = { values: [[1700000000000], [null]], entities: [null, { NaN: [0] }], nanos: [[5], null] };
      const results = { A: { status: 200, frames: [{ schema, data }] }, B: { status: 502, error: 'no', errorSource: 'downstream' } };
      const judged = await run('judge-frames.mjs', [], JSON.stringify({ results }));
      assert.equal(judged.state, 'Error');
      assert.deepEqual(judged.errors, [{ refId: 'B', message: 'no', status: 502 }]);
      assert.deepEqual(judged.results.B, { status: 502, error: 'no', errorSource: 'downstream', frames: [] });
      const [time, value] = judged.results.A.frames[0].fields;
      assert.deepEqual([time.values, time.nanos, value.values, value.labels], [[1700000000000], [5], ['NaN'], { a: 'b' }]);
    },
  };
}

async function runJudges() {
  const checks = [];
  for (const [check, run] of Object.entries(judgeChecks())) {
    checks.push({ check, failed: await run().then(() => undefined, (error) => error.stack) });
  }
  return { versions: '7.5 for Arrow, 12.4 for JSON', checks };
}

const installed = (cell) => fs.existsSync(path.join(HERE, 'cells', cell, 'node_modules'));

async function main(args) {
  const cellAt = args.indexOf('--cell');
  const cells = cellAt >= 0 ? [args[cellAt + 1]] : CELLS;
  const named = args.filter((arg, i) => !arg.startsWith('--') && (cellAt < 0 || i !== cellAt + 1));
  if (args.includes('--install')) {
    install('build tools', HERE);
    cells.forEach((cell) => install(cell, path.join(HERE, 'cells', cell)));
  }
  const found = { passed: 0, failed: 0, notRun: [] };
  for (const plugin of named.length > 0 ? named : plugins()) {
    for (const cell of cells) {
      await report(`${plugin} in ${cell}`, [cell], () => runCell(cell, plugin), found);
    }
  }
  await report('judges', ['grafana-7.5', 'grafana-12.4'], runJudges, found);
  found.notRun.forEach((line) => console.log(line));
  console.log(`${found.passed} passed, ${found.failed} failed`);
  return found.failed === 0 ? 0 : 1;
}

/** Runs one group of checks if its cells are there, and prints its line. */
async function report(name, cells, run, found) {
  const missing = cells.filter((cell) => !installed(cell));
  if (missing.length > 0) {
    found.notRun.push(`NOT RUN: ${name}: ${missing.join(', ')} not installed; run "node ci/frontend/test.mjs --install"`);
    return;
  }
  const { versions, checks } = await run();
  const bad = checks.filter((check) => check.failed);
  console.log(`${name} (${versions}): ${bad.length === 0 ? 'ok' : 'FAILED'}, ${checks.length} checks`);
  bad.forEach((check) => console.log(`  ${check.check}: ${check.failed.replace(/\n/g, '\n    ')}`));
  found.passed += checks.length - bad.length;
  found.failed += bad.length;
}

process.exitCode = await main(process.argv.slice(2));
