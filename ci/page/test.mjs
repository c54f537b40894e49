// Tests of the workbench page in a real browser: `node ci/page/test.mjs`.
//
// The programs are built and started as anybody would, the page is used as a person uses it. Set GRAFTWIRE_TARGET to
// the folder of built programs to skip the build. Every wait is bounded; the last line is "N passed, M failed".

import { strict as assert } from 'node:assert';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync, cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { browser, workbench, build } from './start.mjs';

const BENCH = 'graftwire-bench-datasource';
const METRICS = 'graftwire-metrics-datasource';
const PATIENCE = 20_000;

const folder = mkdtempSync(join(tmpdir(), 'graftwire-page-'));
let failed = 0;
let passed = 0;

/** One check on a fresh page. Errors on the console count as failures. */
async function check(name, context, work) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const noise = [];
  page.on('pageerror', (error) => noise.push(`error on the page: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && !expected(message.text()) && noise.push(message.text()));
  try {
    await work(page);
    assert.deepEqual(noise, [], 'nothing is written to the console as an error');
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n        ${String(error.stack ?? error).split('\n').slice(0, 6).join('\n        ')}`);
    if (process.env.GRAFTWIRE_SHOTS) {
      await page.screenshot({ path: join(process.env.GRAFTWIRE_SHOTS, `${name.replace(/\W+/g, '-')}.png`) });
    }
  } finally {
    await page.close();
  }
}

/** The browser itself notes answers that are errors; checks that provoke them say so by their own asserts. */
const expected = (text) => /Failed to load resource: the server responded with a status of (4|5)\d\d/.test(text) || /net::ERR_INCOMPLETE_CHUNKED_ENCODING/.test(text);

function layOut(target) {
  const platform = `${{ linux: 'linux', darwin: 'darwin', win32: 'windows' }[process.platform]}_${{ x64: 'amd64', arm64: 'arm64', arm: 'arm' }[process.arch]}`;
  const bench = join(folder, 'bench');
  mkdirSync(join(bench, 'dashboards'), { recursive: true });
  copyFileSync(join(target, 'gpx_graftwire_bench'), join(bench, `gpx_graftwire_bench_${platform}`));
  const panel = (id, type, title, x, w, model, more = {}) => ({ id, type, title, gridPos: { x, y: 0, w, h: 8 }, targets: [{ refId: 'A', queryType: 'bench', ...model }], ...more });
  const dashboard = {
    title: 'Bench board',
    refresh: '5s',
    time: { from: 'now-15m', to: 'now' },
    panels: [
      panel(1, 'stat', 'Last', 0, 4, { rows: 3 }, { fieldConfig: { defaults: { unit: 'bytes' } } }),
      panel(2, 'timeseries', 'Lines', 4, 12, { rows: 300 }),
      panel(3, 'table', 'Rows', 16, 8, { rows: 5 }, { transformations: [{ id: 'organize', options: { excludeByName: { time: true }, renameByName: { label: 'Renamed' } } }] }),
      panel(4, 'timeseries', 'Wrong', 0, 12, { queryType: 'nope' }),
      panel(5, 'timeseries', 'Bars', 12, 12, { rows: 40 }, { timeFrom: '7d', gridPos: { x: 12, y: 8, w: 12, h: 8 }, fieldConfig: { defaults: { custom: { drawStyle: 'bars', fillOpacity: 80, stacking: { mode: 'normal' } } } } }),
    ],
  };
  writeFileSync(join(bench, 'dashboards/board.json'), JSON.stringify(dashboard));
  const manifest = { id: BENCH, name: 'Bench', type: 'datasource', backend: true, executable: 'gpx_graftwire_bench', includes: [{ type: 'dashboard', name: 'Bench board', path: 'dashboards/board.json' }] };
  writeFileSync(join(bench, 'plugin.json'), JSON.stringify(manifest));

  const metrics = join(folder, 'metrics');
  const source = new URL('../../plugins/metrics/', import.meta.url).pathname;
  mkdirSync(metrics);
  copyFileSync(join(source, 'plugin.json'), join(metrics, 'plugin.json'));
  cpSync(join(source, 'dashboards'), join(metrics, 'dashboards'), { recursive: true });
  copyFileSync(join(target, 'gpx_graftwire_metrics'), join(metrics, `gpx_graftwire_metrics_${platform}`));

  mkdirSync(join(folder, 'lost'));
  writeFileSync(join(folder, 'lost/plugin.json'), JSON.stringify({ id: 'example-lost-datasource', type: 'datasource', backend: true, executable: 'gpx_lost' }));
}

/** Whether a canvas has anything drawn on it. */
const isDrawn = (canvas) => canvas.evaluate((element) => {
  const { data } = element.getContext('2d').getImageData(0, 0, element.width, element.height);
  let coloured = 0;
  for (let at = 3; at < data.length; at += 4) {
    coloured += data[at] > 0 ? 1 : 0;
  }
  return coloured > 500;
});

async function eventually(what, work) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    if (await work()) {
      return;
    }
    assert.ok(Date.now() < end, `waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function all(context, url) {
  const open = async (page, id, tab) => {
    await page.goto(`${url}#/${id}/${tab}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  };
  const plugin = async (id) => (await fetch(`${url}api/plugins/${id}`)).json();

  await check('the page names every plugin with its state', context, async (page) => {
    await page.goto(url);
    const list = page.getByRole('navigation', { name: 'Plugins' });
    await list.getByRole('link', { name: /Bench.*running/ }).waitFor();
    await list.getByRole('link', { name: /Graftwire Metrics.*running/ }).waitFor();
    await list.getByRole('link', { name: /example-lost-datasource.*failed/ }).click();
    await page.getByRole('alert').filter({ hasText: 'gpx_lost' }).waitFor();
    await page.getByRole('status').filter({ hasText: 'live' }).waitFor();
  });

  await check('a shipped dashboard is drawn: chart, stat, table, error', context, async (page) => {
    await open(page, BENCH, 'dashboard');
    const lines = page.getByRole('region', { name: 'Lines', exact: true });
    const canvas = lines.locator('canvas');
    await canvas.waitFor();
    await eventually('the chart has pixels', () => isDrawn(canvas));
    await lines.getByRole('img', { name: /Lines, 16 series\. Last values: .*series-0/ }).waitFor();
    await page.getByRole('region', { name: 'Last', exact: true }).getByText('1 B').waitFor();
    const rows = page.getByRole('region', { name: 'Rows', exact: true }).first();
    await rows.getByRole('columnheader', { name: 'Renamed' }).waitFor();
    assert.equal(await rows.getByRole('columnheader').count(), 2, 'the time is excluded');
    await page.getByRole('region', { name: 'Wrong', exact: true }).getByText(/query type "nope" is unknown.*status 400, downstream/).waitFor();
  });

  await check('bars are drawn, over a time range of their own', context, async (page) => {
    await open(page, BENCH, 'dashboard');
    const bars = page.getByRole('region', { name: 'Bars', exact: true });
    await bars.getByText('last 7d').waitFor();
    await eventually('the bars have pixels', async () => (await bars.locator('canvas').count()) > 0 && isDrawn(bars.locator('canvas')));
  });

  await check('a series is hidden and shown by its legend', context, async (page) => {
    await open(page, BENCH, 'dashboard');
    const item = page.getByRole('region', { name: 'Lines', exact: true }).getByRole('button', { name: /series-3/ });
    await item.click();
    assert.equal(await item.getAttribute('aria-pressed'), 'false');
    await item.click();
    assert.equal(await item.getAttribute('aria-pressed'), 'true');
  });

  await check('metrics of this machine are drawn and one panel is live', context, async (page) => {
    await open(page, METRICS, 'dashboard');
    await page.getByRole('region', { name: 'Memory in use', exact: true }).getByText(/^\d+(\.\d)?%$/).waitFor();
    await eventually('memory is drawn', async () => isDrawn(page.getByRole('region', { name: 'Memory', exact: true }).locator('canvas')));
    const now = page.getByRole('region', { name: 'Processors now', exact: true });
    await now.getByText('live').waitFor();
    // A point a second: the axis of time moves on.
    const seen = new Set();
    await page.exposeFunction('packetSeen', (size) => seen.add(size));
    await now.locator('canvas').evaluate((canvas) => {
      const observer = new MutationObserver(() => window.packetSeen(canvas.closest('.panel').querySelector('[role=img]').getAttribute('aria-label') + performance.now()));
      observer.observe(canvas.closest('.panel'), { subtree: true, attributes: true, attributeFilter: ['aria-label'] });
    });
    await eventually('two packets arrive', () => seen.size >= 2);
  });

  await check('a panel opens its query in the query box', context, async (page) => {
    await open(page, METRICS, 'dashboard');
    const panel = page.getByRole('region', { name: 'Load', exact: true });
    await panel.hover();
    await panel.getByRole('button', { name: 'Query' }).click();
    await page.getByRole('region', { name: 'Answer' }).locator('canvas').waitFor();
    assert.match(await page.getByLabel('Query model').inputValue(), /node_load1\{instance=\\"[^$]+\\"\}/);
  });

  await check('a query runs by keyboard alone, in every view', context, async (page) => {
    await page.goto(`${url}#/${BENCH}/query`);
    await page.getByLabel('Query model').waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
    for (let steps = 0; (await page.evaluate(() => document.activeElement.tagName)) !== 'TEXTAREA'; steps += 1) {
      assert.ok(steps < 25, 'the editor is within reach of the tab key');
      await page.keyboard.press('Tab');
    }
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(outline, 'none', 'focus can be seen');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('{"queryType":"bench","rows":40}');
    await page.keyboard.press('Shift+Enter');
    const answer = page.getByRole('region', { name: 'Answer' });
    await eventually('the answer is drawn', async () => (await answer.locator('canvas').count()) > 0 && isDrawn(answer.locator('canvas')));
    await page.getByText(/1 frame.*40 rows in/).waitFor();

    await answer.getByRole('tab', { name: 'Chart' }).focus();
    await page.keyboard.press('ArrowRight');
    await answer.getByRole('columnheader', { name: 'label' }).waitFor();
    assert.equal(await answer.getByRole('row').count(), 41);
    await page.keyboard.press('ArrowRight');
    assert.match(await answer.getByLabel('Answer as JSON').innerText(), /"results"/);
    await page.keyboard.press('ArrowRight');
    await answer.getByText('/pluginv2.Data/QueryData').waitFor();
    await answer.getByText(/version 2 over gRPC/).waitFor();
    await answer.getByText(/A: arrow, \d/).waitFor();
  });

  await check('a PromQL expression runs with Enter', context, async (page) => {
    await open(page, METRICS, 'query');
    const editor = page.getByLabel('Expression');
    await editor.waitFor();
    await editor.fill('node_memory_MemTotal_bytes');
    await editor.press('Enter');
    await page.getByRole('region', { name: 'Answer' }).locator('canvas').waitFor();
    await editor.fill('sum(');
    await editor.press('Enter');
    await page.getByRole('alert').filter({ hasText: /Query A failed.*status 400, source downstream/ }).waitFor();
  });

  await check('what goes wrong is told with status and source', context, async (page) => {
    await open(page, BENCH, 'query');
    const editor = page.getByLabel('Query model');
    await editor.fill('{"queryType":"nope"}');
    await editor.press('Shift+Enter');
    await page.getByRole('alert').filter({ hasText: /Query A failed.*status 400, source downstream/ }).waitFor();
    await editor.fill('{');
    await editor.press('Shift+Enter');
    await page.getByRole('alert').filter({ hasText: 'the query model is no JSON' }).waitFor();
    const box = page.getByRole('tabpanel', { name: 'Query' });
    await box.getByLabel('Time range').selectOption('');
    await box.getByLabel('From', { exact: true }).fill('yesterday');
    await editor.fill('{}');
    await editor.press('Shift+Enter');
    await page.getByRole('alert').filter({ hasText: /found "yesterday".*status 400/ }).waitFor();
  });

  await check('values are scaled in the unit that they have', context, async (page) => {
    await page.goto(url);
    const shown = await page.evaluate(async () => {
      const { format } = await import('/assets/units.js');
      return [[2048, 'kbytes'], [1500, 'deckbytes'], [3, 'MBs'], [90, 'm'], [1536, 'bytes'], [774.7, 'ns']].map(([value, unit]) => format(value, unit));
    });
    assert.deepEqual(shown, ['2 MiB', '1.5 MB', '3 MB/s', '1.5 h', '1.5 KiB', '774.7 ns']);
  });

  await check('integers stay exact and text stays text', context, async (page) => {
    await page.goto(url);
    const { read } = await page.evaluate(async () => {
      const { parseJson } = await import('/assets/api.js');
      const { table } = await import('/assets/table.js');
      const { readFrame } = await import('/assets/frames.js');
      const json = '{"schema":{"fields":[{"name":"n","type":"number"},{"name":"s","type":"string"}]},"data":{"values":[[9223372036854775807,null],["<img src=x onerror=alert(1)>","b"]],"entities":[{"NaN":[1]},null]}}';
      const element = table(readFrame(parseJson(json)));
      return { read: [...element.querySelectorAll('td')].map((cell) => cell.innerHTML) };
    });
    assert.deepEqual(read, ['9223372036854775807', '&lt;img src=x onerror=alert(1)&gt;', 'NaN', 'b']);
  });

  await check('the theme can be switched and is kept', context, async (page) => {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(url);
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByRole('button', { name: 'Switch to the dark theme' }).click();
    assert.notEqual(await ground(), light);
    await page.reload();
    assert.notEqual(await ground(), light);
    await page.getByRole('button', { name: 'Switch to the light theme' }).click();
    assert.equal(await ground(), light);
    await page.evaluate(() => localStorage.clear());
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.reload();
    assert.notEqual(await ground(), light, 'without a choice the system counts');
  });

  await check('a killed plugin comes back without a reload', context, async (page) => {
    await open(page, METRICS, 'dashboard');
    const now = page.getByRole('region', { name: 'Processors now', exact: true });
    await now.getByText('live').waitFor();
    const { state } = await plugin(METRICS);
    await page.evaluate(() => {
      window.untouched = true;
    });
    process.kill(state.pid, 'SIGKILL');
    await eventually('it is another process', async () => {
      const after = (await plugin(METRICS)).state;
      return after.word === 'running' && after.pid !== state.pid;
    });
    const restarts = page.locator('.figures div', { hasText: 'restarts' });
    await eventually('the page tells of the restart', async () => /[1-9]/.test(await restarts.innerText()));
    await page.locator('.summary').getByText('running').waitFor();
    await eventually('the live panel goes on', async () => (await now.locator('.panel-state').innerText()) === 'live');
    await page.getByRole('button', { name: 'Refresh now' }).click();
    await page.getByRole('region', { name: 'Memory in use', exact: true }).getByText(/%$/).waitFor();
    assert.equal(await page.evaluate(() => window.untouched), true, 'the page was not loaded anew');
  });

  await check('a plugin is stopped, started and given settings', context, async (page) => {
    await open(page, BENCH, 'plugin');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.locator('.summary').getByText('stopped').waitFor();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.locator('.summary').getByText('running').waitFor();
    await page.getByLabel('jsonData').fill('{"from":"the page"}');
    await page.getByLabel('Name of a secret').fill('token');
    await page.getByLabel('Its value').fill('s3cr3t');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByText(/applied; secrets set: token/).waitFor();
    const settings = await (await fetch(`${url}api/plugins/${BENCH}/settings`)).text();
    assert.ok(settings.includes('the page') && !settings.includes('s3cr3t'), settings);
    await page.getByRole('button', { name: 'Check health' }).click();
    await page.getByRole('button', { name: 'Read now' }).click();
    await page.getByText('process_cpu_seconds_total').first().waitFor();
  });

  await check('log lines arrive and can be narrowed', context, async (page) => {
    await open(page, BENCH, 'logs');
    const log = page.getByRole('log');
    await log.getByText('Plugin Request Completed').first().waitFor();
    const before = await log.getByRole('listitem').count();
    await fetch(`${url}api/plugins/${BENCH}/health`);
    await eventually('a line comes in', async () => (await log.getByRole('listitem').count()) > before);
    await page.getByLabel('Contains').fill('no line has this');
    assert.equal(await log.getByRole('listitem').count(), 0);
    await page.getByLabel('Contains').fill('');
    await page.getByLabel('From level').selectOption('info');
    const levels = new Set(await log.locator('.level').allInnerTexts());
    assert.ok(levels.has('info') && !levels.has('debug'), [...levels].join());
  });

  await check('nothing is wider than the page, narrow or wide', context, async (page) => {
    for (const width of [360, 768, 1200, 1600]) {
      await page.setViewportSize({ width, height: 900 });
      for (const [id, tab] of [[BENCH, 'dashboard'], [METRICS, 'dashboard'], [BENCH, 'query'], [BENCH, 'logs'], [BENCH, 'plugin'], [BENCH, 'wire'], ['example-lost-datasource', 'dashboard']]) {
        await open(page, id, tab);
        await page.waitForTimeout(400);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${tab} of ${id} is ${over} px too wide at ${width} px`);
      }
    }
  });

  await check('every control has a name, every region too', context, async (page) => {
    for (const tab of ['dashboard', 'query', 'logs', 'plugin', 'wire']) {
      await open(page, BENCH, tab);
      const nameless = await page.evaluate(() =>
        [...document.querySelectorAll('button, input, select, textarea, a')]
          .filter((element) => !(element.getAttribute('aria-label') || element.textContent.trim() || element.labels?.length || element.title))
          .map((element) => element.outerHTML.slice(0, 120))
      );
      assert.deepEqual(nameless, []);
    }
    assert.equal(await page.getByRole('main').count(), 1);
    assert.equal(await page.getByRole('banner').count(), 1);
    assert.equal(await page.getByRole('tab', { selected: true }).first().innerText(), 'Wire');
  });
}

try {
  const target = build();
  layOut(target);
  const running = await workbench(target, folder);
  const chromium = await browser();
  try {
    const context = await chromium.newContext({ viewport: { width: 1280, height: 900 } });
    await all(context, running.url);
  } finally {
    await chromium.close();
    await running.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
