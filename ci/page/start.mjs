// Starting what the page tests need: the programs, the workbench, a browser. What can't be had is said as
// "NOT RUN: why", and is a failure where CI=true.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const here = new URL('.', import.meta.url).pathname;
const root = new URL('../..', import.meta.url).pathname;
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Ends the tests without one having run. */
function notRun(why) {
  console.log(`NOT RUN: ${why}`);
  console.log('0 passed, 0 failed');
  process.exit(process.env.CI === 'true' ? 1 : 0);
}

/** Builds the programs, and gives their folder. */
export function build() {
  if (process.env.GRAFTWIRE_TARGET) {
    return process.env.GRAFTWIRE_TARGET;
  }
  const packages = ['graftwire-cli', 'graftwire-bench-plugin', 'graftwire-metrics'].flatMap((name) => ['--package', name]);
  const built = spawnSync('cargo', ['build', '--quiet', ...packages, '--bins'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (built.status !== 0) {
    throw new Error('the programs do not build');
  }
  const metadata = spawnSync('cargo', ['metadata', '--no-deps', '--format-version', '1'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  return join(JSON.parse(metadata.stdout).target_directory, 'debug');
}

/** Starts the workbench on a free port: `url`, `stop()`. */
export async function workbench(target, plugins) {
  const child = spawn(join(target, 'graftwire'), ['--json', 'workbench', '--plugins', plugins, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the workbench ended with ${code}`)));
    child.once('error', reject);
  });
  return {
    url: JSON.parse(line).url,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** A browser with a profile of its own. */
export async function browser() {
  const { chromium } = await library();
  const executablePath = BROWSERS.find(existsSync) ?? install();
  const profile = mkdtempSync(join(tmpdir(), 'graftwire-profile-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: FLAGS, viewport: { width: 1280, height: 900 } });
  return { newContext: async () => context, close: () => context.close() };
}

/** playwright-core drives a browser that is there; it brings none along. */
async function library() {
  if (!existsSync(join(here, 'node_modules/playwright-core'))) {
    const done = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
    if (done.status !== 0) {
      notRun('npm could not install playwright-core');
    }
  }
  return import('playwright-core');
}

function install() {
  if (process.getuid?.() !== 0) {
    notRun('no Chromium at /usr/bin/chromium, and no right to install one');
  }
  const apt = (...args) => spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status === 0;
  if (!apt('update') || !apt('install', '-y', '--no-install-recommends', 'chromium') || !existsSync(BROWSERS[0])) {
    notRun('no Chromium at /usr/bin/chromium, and apt-get could not install it');
  }
  return BROWSERS[0];
}
