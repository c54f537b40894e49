// Runs one cell: loads a plugin's module.js as one version of Grafana does, then runs the plugin's own checks on it.
//
//   node load/cell.cjs <cell folder> <plugin folder>     (started by ../test.mjs, which reads the messages)
//
// What a plugin's editors and queries must do stands beside it, in ui/test/checks.cjs.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');

const { installBrowser } = require('./browser.cjs');
const { loadWithSystem020, loadWithSystem6, scriptPage } = require('./loaders.cjs');
const { makeScreen } = require('./screen.cjs');
const { installServices, queryAnswer, queryFailure } = require('./services.cjs');

const SHARED = ['react', 'react-dom', '@grafana/data', '@grafana/runtime', '@grafana/ui', 'rxjs', 'rxjs/operators', 'lodash'];

async function main(cellDir, pluginDir) {
  const requireFromCell = createRequire(path.join(cellDir, 'package.json'));
  const file = path.join(pluginDir, 'ui/module.js');
  const version = (name) => JSON.parse(fs.readFileSync(path.join(cellDir, 'node_modules', name, 'package.json'))).version;
  const old = version('systemjs').startsWith('0.');
  if (old) {
    requireFromCell('systemjs'); // before there is a page, so that it reads files instead of asking a server
  }
  const dom = installBrowser(requireFromCell, old ? {} : scriptPage(requireFromCell, file));
  const React = requireFromCell('react');
  const uiExports = fs.readFileSync(path.join(cellDir, 'ui-exports.txt'), 'utf8').split('\n').filter(Boolean);
  globalThis.graftwireCell = { React, uiExports };

  const shared = quietly(() => Object.fromEntries(SHARED.map((name) => [name, requireFromCell(name)])));
  const services = installServices(shared['@grafana/runtime'], shared['rxjs']);
  services.setLive(!old);
  const module = old
    ? await loadWithSystem020(requireFromCell, shared, file)
    : await loadWithSystem6(cellDir, dom, shared, file);

  const versions = `SystemJS ${version('systemjs')}, React ${version('react')}, @grafana/data ${version('@grafana/data')}`;
  process.send?.({ versions });
  const data = shared['@grafana/data'];
  const host = {
    module,
    React,
    data,
    services,
    screen: makeScreen(requireFromCell, React),
    old,
    queryAnswer: (refId, frames) => queryAnswer(data, refId, frames),
    queryFailure,
  };
  for (const [name, check] of Object.entries(require(path.join(pluginDir, 'ui/test/checks.cjs')))) {
    process.send?.({ check: name, ...(await outcome(check, host)) });
  }
}

async function outcome(check, host) {
  const problems = [];
  const before = console.error;
  // React reports misuse (unknown props, missing keys, removed features) on the console: here it is a failure.
  console.error = (...parts) => problems.push(parts.map(String).join(' ').split('\n')[0]);
  try {
    host.services.backend.reset();
    host.services.live.asked.length = 0;
    await check(host, assert);
    assert.deepEqual(problems, [], 'the console stays silent');
    return {};
  } catch (error) {
    return { failed: error?.stack ?? String(error) };
  } finally {
    console.error = before;
  }
}

/** The packages of Grafana say things while they load outside a real page. */
function quietly(load) {
  const { error, warn, log } = console;
  Object.assign(console, { error() {}, warn() {}, log() {} });
  try {
    return load();
  } finally {
    Object.assign(console, { error, warn, log });
  }
}

main(path.resolve(process.argv[2]), path.resolve(process.argv[3])).then(
  () => process.exit(0),
  (error) => {
    process.send?.({ check: 'load', failed: error?.stack ?? String(error) });
    process.exit(1);
  }
);
