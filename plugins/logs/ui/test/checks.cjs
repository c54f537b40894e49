// What the front end of the logs plugin must do in every Grafana; run in each cell by ci/frontend/test.mjs.
//
// Loading          exports a plugin with its editors
// Query editor     fields, typing, running, line limit, numbers, picking labels, help
// Settings         fields, keys in jsonData, files, wrong texts, provisioned data sources
// Data source      filtering, defaults, request bodies, variables, live tail, volume, context, clicks, health
//
// It does not look at how things are drawn: the components are stand-ins.
'use strict';

const RANGE = { from: { valueOf: () => 1_700_000_000_000 }, to: { valueOf: () => 1_700_000_900_000 } };

/** Objects made in the page have other prototypes than ours: compare what they hold. */
const plain = (value) => JSON.parse(JSON.stringify(value));

function datasource(host, jsonData = {}) {
  const { DataSourceClass } = host.module.plugin;
  const meta = { id: 'graftwire-logs-datasource', name: 'Graftwire Logs', info: {} };
  return new DataSourceClass({ id: 7, uid: 'edge', type: 'graftwire-logs-datasource', name: 'Edge', meta, jsonData });
}

function request(targets, more = {}) {
  return {
    requestId: 'r1',
    targets,
    range: RANGE,
    scopedVars: {},
    interval: '15s',
    intervalMs: 15_000,
    maxDataPoints: 600,
    timezone: 'browser',
    app: 'dashboard',
    startTime: 0,
    ...more,
  };
}

/** All responses of a query, once its stream has ended. */
function responses(stream) {
  return new Promise((resolve, reject) => {
    const found = [];
    stream.subscribe({ next: (one) => found.push(one), error: reject, complete: () => resolve(found) });
  });
}

/** An editor on the page that keeps what it hands out, as Grafana's pages do. */
async function shown(host, state, element) {
  const seen = { ...state, screen: undefined };
  const draw = () => element(seen);
  seen.screen = await host.screen.mount(draw());
  /** Grafana draws the editor again with each change. */
  seen.does = async (action) => {
    await action(seen.screen);
    await seen.screen.show(draw());
  };
  return seen;
}

function queryEditor(host, query) {
  const { React, module } = host;
  return shown(host, { query, runs: 0 }, (seen) =>
    React.createElement(module.plugin.components.QueryEditor, {
      datasource: datasource(host),
      query: seen.query,
      range: RANGE,
      onChange: (changed) => (seen.query = changed),
      onRunQuery: () => (seen.runs += 1),
    })
  );
}

async function configEditor(host, jsonData, more = {}) {
  const { React, module } = host;
  const options = { id: 7, type: 't', name: 'Edge', url: '', jsonData, secureJsonFields: {}, readOnly: false, ...more };
  const seen = await shown(host, { options }, (seen) =>
    React.createElement(module.plugin.components.ConfigEditor, {
      options: seen.options,
      onOptionsChange: (changed) => (seen.options = changed),
    })
  );
  seen.saved = () => plain(seen.options.jsonData);
  return seen;
}

module.exports = {
  'exports a data source plugin with its editors'(host, assert) {
    const { plugin } = host.module;
    assert.ok(plugin instanceof host.data.DataSourcePlugin);
    for (const name of ['QueryEditor', 'ConfigEditor', 'QueryEditorHelp']) {
      assert.equal(typeof plugin.components[name], 'function', name);
    }
  },

  // Query editor

  async 'query editor: typing changes the query, leaving the field runs it once'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', expr: '', hide: false });
    await editor.does((screen) => screen.type('Expression', '{job="a"}'));
    assert.deepEqual(plain(editor.query), { refId: 'A', expr: '{job="a"}', hide: false }, 'other keys stay');
    assert.equal(editor.runs, 0);
    await editor.does((screen) => screen.leave('Expression'));
    await editor.does((screen) => screen.leave('Expression'));
    assert.equal(editor.runs, 1, 'nothing changed since');
    await editor.screen.close();
  },

  async 'query editor: Shift+Enter runs, Enter alone is a new line'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', expr: '{}' });
    const enter = await editor.screen.press('Expression', 'Enter');
    assert.deepEqual([editor.runs, enter.defaultPrevented], [0, false]);
    const shifted = await editor.screen.press('Expression', 'Enter', { shiftKey: true });
    assert.deepEqual([editor.runs, shifted.defaultPrevented], [1, true]);
    await editor.screen.close();
  },

  async 'query editor: lines have a limit and an order, numbers a legend and a step'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', expr: '{job="a"}' });
    await editor.does((screen) => screen.type('Line limit', '50'));
    assert.equal(editor.query.maxLines, 50);
    await editor.does((screen) => screen.type('Line limit', 'many'));
    assert.equal(editor.query.maxLines, 50, 'what is no number goes nowhere');
    await editor.does((screen) => screen.type('Line limit', ''));
    assert.equal('maxLines' in editor.query, false);
    await editor.does((screen) => screen.choose('First', 'Oldest'));
    assert.equal(editor.query.direction, 'forward');
    await editor.screen.close();

    const counts = await queryEditor(host, { refId: 'A', expr: 'rate({job="a"}[1m])' });
    await counts.does((screen) => screen.type('Legend', '{{job}}'));
    await counts.does((screen) => screen.type('Step', '1m'));
    await counts.does((screen) => screen.choose('Type', 'Instant'));
    assert.deepEqual(
      [counts.query.legendFormat, counts.query.step, counts.query.queryType],
      ['{{job}}', '1m', 'instant']
    );
    await counts.screen.close();
  },

  async 'query editor: picked labels make the selector'(host, assert) {
    host.services.backend.on('/labels', { data: ['filename', 'job'] });
    host.services.backend.on('/label/job/values', { data: ['app', 'say "hi"'] });
    const editor = await queryEditor(host, { refId: 'A', expr: '' });
    await editor.does((screen) => screen.focus('Label'));
    await editor.does((screen) => screen.type('Label', 'job'));
    await editor.does((screen) => screen.focus('Value'));
    await editor.does((screen) => screen.type('Value', 'app'));
    assert.equal(editor.query.expr, '{job="app"}');
    assert.equal(editor.runs, 1);
    await editor.does((screen) => screen.type('Value', 'say "hi"'));
    assert.equal(editor.query.expr, '{job="say \\"hi\\""}', 'a new value takes the place of the old one');
    await editor.screen.close();
  },

  async 'help: a click on an example hands it out'(host, assert) {
    const clicked = [];
    const help = host.React.createElement(host.module.plugin.components.QueryEditorHelp, {
      onClickExample: (query) => clicked.push(query),
    });
    const screen = await host.screen.mount(help);
    const first = screen.container.querySelector('button');
    await screen.click(first);
    assert.deepEqual(plain(clicked), [{ refId: 'A', expr: first.textContent }]);
    await screen.close();
  },

  // Settings

  async 'settings: what is typed arrives under the names the plugin reads'(host, assert) {
    const editor = await configEditor(host, { keep: 'me' });
    await editor.does((screen) => screen.type('Folders that may be read', '/var/log, /srv/logs'));
    await editor.does((screen) => screen.type('Journal folder', '/host/journal'));
    await editor.does((screen) => screen.click(screen.field('Journal')));
    await editor.does((screen) => screen.click(screen.field('Kernel log')));
    await editor.does((screen) => screen.type('Time zone', 'UTC'));
    await editor.does((screen) => screen.type('Line limit', '500'));
    await editor.does((screen) => screen.type('Index folder', '/data/index'));
    assert.deepEqual(editor.saved(), {
      keep: 'me',
      roots: ['/var/log', '/srv/logs'],
      journalPath: '/host/journal',
      journal: false,
      kernel: false,
      timeZone: 'UTC',
      maxLines: 500,
      indexPath: '/data/index',
    });
    await editor.screen.close();
  },

  async 'settings: files are rows of job, paths, format and labels'(host, assert) {
    const editor = await configEditor(host, {});
    const add = (screen) => [...screen.container.querySelectorAll('button')].find((one) => /Add files/.test(one.textContent));
    await editor.does((screen) => screen.click(add(screen)));
    await editor.does((screen) => screen.type('Job', 'app'));
    await editor.does((screen) => screen.type('Paths', '/srv/logs/*.log, /srv/more/*.log'));
    await editor.does((screen) => screen.choose('Lines', 'Docker'));
    await editor.does((screen) => screen.type('Labels', 'env=prod'));
    assert.deepEqual(editor.saved(), {
      files: [{ job: 'app', paths: ['/srv/logs/*.log', '/srv/more/*.log'], format: 'docker', labels: { env: 'prod' } }],
    });
    await editor.does((screen) => screen.type('Paths', 'logs/*.log'));
    assert.deepEqual(editor.saved().files[0].paths, ['/srv/logs/*.log', '/srv/more/*.log'], 'a wrong path goes nowhere');
    const remove = (screen) => screen.container.querySelector('[aria-label="Remove files 1"]');
    await editor.does((screen) => screen.click(remove(screen)));
    assert.deepEqual(editor.saved(), {}, 'without rows the usual files are read');
    await editor.screen.close();
  },

  async 'settings: what cannot be read stays on the screen and is not saved'(host, assert) {
    const editor = await configEditor(host, { maxLines: 5 });
    await editor.does((screen) => screen.type('Folders that may be read', '/var/../etc'));
    assert.deepEqual(editor.screen.alerts(), ['found "/var/../etc", expected a path without ".."']);
    await editor.does((screen) => screen.type('Line limit', '99999'));
    assert.ok(editor.screen.alerts().includes('found "99999", expected a whole number from 1 to 10000'));
    assert.deepEqual(editor.saved(), { maxLines: 5 });
    await editor.screen.close();
  },

  // Data source

  'filterQuery: empty and hidden queries stay in the browser, expressions pass'(host, assert) {
    const source = datasource(host);
    const pass = (query) => source.filterQuery({ refId: 'A', ...query });
    assert.equal(pass({ expr: '{}' }), true);
    assert.equal(pass({ expr: '  ' }), false);
    assert.equal(pass({}), false);
    assert.equal(pass({ expr: '{}', hide: true }), false);
    assert.equal(pass({ datasource: { type: '__expr__', uid: '__expr__' }, expression: '$A + 1' }), true);
  },

  async 'query: sends what the plugin reads, with dashboard variables filled in'(host, assert) {
    const { backend, templates } = host.services;
    templates.set('host', ['a.b', 'c'], { multi: true, includeAll: true });
    templates.set('name', 'say "x"');
    backend.on('/api/ds/query', host.queryAnswer('A', [{ fields: [{ name: 'v', type: 'number', values: [1] }] }]));
    const expr = 'count_over_time({host=~"$host", name="$name"}[$__interval])';
    const scopedVars = { __interval: { value: '15s' }, __interval_ms: { value: 15_000 } };
    await responses(datasource(host).query(request([{ refId: 'A', expr, maxLines: 5 }], { scopedVars })));
    const [{ data: body }] = backend.asked;
    assert.equal(body.queries[0].expr, 'count_over_time({host=~"(a\\\\.b|c)", name="say \\"x\\""}[$__interval])');
    assert.equal(body.queries[0].maxLines, 5);
  },

  'Explore: the volume of lines, and a sample of what counts count'(host, assert) {
    const source = datasource(host);
    const lines = { refId: 'A', expr: '{job="a"} |= "x"' };
    const volume = plain(source.getSupplementaryQuery({ type: 'LogsVolume' }, lines));
    assert.deepEqual(volume, { refId: 'log-volume-A', expr: lines.expr, queryType: 'volume' });
    assert.equal(source.getSupplementaryQuery({ type: 'LogsSample' }, lines), undefined);
    const counts = { refId: 'A', expr: 'rate({job="a"}[1m])' };
    assert.equal(source.getSupplementaryQuery({ type: 'LogsVolume' }, counts), undefined);
    assert.equal(source.getSupplementaryQuery({ type: 'LogsSample' }, counts).expr, '{job="a"}');
    assert.equal(source.getSupplementaryRequest('LogsVolume', request([counts])), undefined);
    assert.equal(source.getSupplementaryRequest('LogsVolume', request([lines])).targets.length, 1);
  },

  async 'context: the stream of a row, from its very nanosecond on'(host, assert) {
    const row = {
      timeEpochMs: 1_700_000_000_000,
      timeEpochNs: '1700000000000999999',
      labels: { job: 'a"b', path: '/x' },
      rowIndex: 0,
      dataFrame: { fields: [{ name: 'labelTypes', values: [{ job: 'I', path: 'P' }] }] },
    };
    const forward = await datasource(host).getLogRowContextQuery(row, { direction: 'FORWARD', limit: 5 });
    assert.deepEqual(plain(forward), {
      refId: 'context',
      expr: '{job="a\\"b"}',
      queryType: 'range',
      direction: 'forward',
      maxLines: 5,
      fromNs: '1700000000001000000',
    });
    const backward = await datasource(host).getLogRowContextQuery(row, { direction: 'BACKWARD' });
    assert.deepEqual([backward.direction, backward.toNs], ['backward', '1700000000000999999']);
  },

  'clicks: filters for, filters out, texts'(host, assert) {
    const source = datasource(host);
    const after = (expr, type, options) => source.modifyQuery({ refId: 'A', expr }, { type, options }).expr;
    const label = { key: 'level', value: 'error' };
    assert.equal(after('{job="a"}', 'ADD_FILTER', label), '{job="a"} | level="error"');
    assert.equal(after('{job="a"} | level="error"', 'ADD_FILTER', label), '{job="a"} | level="error"');
    assert.equal(after('{job="a"} | level="error"', 'ADD_FILTER_OUT', label), '{job="a"} | level!="error"');
    assert.equal(after('rate({job="a"}[1m])', 'ADD_FILTER', label), 'rate({job="a"} | level="error"[1m])');
    assert.equal(after('{job="a}"} | json', 'ADD_STRING_FILTER', { value: 'x "y"' }), '{job="a}"} |= "x \\"y\\"" | json');
    const toggled = source.toggleQueryFilter({ refId: 'A', expr: '{job="a"} | level="error"' }, { type: 'FILTER_FOR', options: label });
    assert.equal(toggled.expr, '{job="a"}');
    assert.equal(source.queryHasFilter({ refId: 'A', expr: '{job="a"} | level="error"' }, label), true);
  },

  async 'variables: label names and values come from the plugin'(host, assert) {
    const { backend } = host.services;
    backend.on('/labels', { data: ['filename', 'job'] });
    backend.on('/label/job/values', { data: ['app'] });
    backend.on('/series', { data: [{ job: 'app', filename: '/a.log' }] });
    const source = datasource(host);
    const texts = async (query) => plain(await source.metricFindQuery(query, { range: RANGE })).map((one) => one.text);
    assert.deepEqual(await texts('label_names()'), ['filename', 'job']);
    assert.deepEqual(await texts('label_values({job="app"}, job)'), ['app']);
    assert.deepEqual(await texts({ query: 'label_values(job)' }), ['app']);
    assert.deepEqual(await texts('{job="app"}'), ['{job="app", filename="/a.log"}']);
    await assert.rejects(source.metricFindQuery('label_values(a b)'), { message: /expected a label name/ });
    assert.deepEqual(plain(await source.getTagKeys()), [{ text: 'filename' }, { text: 'job' }]);
  },

  async 'health: the button tells what the plugin says'(host, assert) {
    host.services.backend.on('/health', { status: 'OK', message: '3 streams', details: {} });
    assert.deepEqual(plain(await datasource(host).testDatasource()), { status: 'success', message: '3 streams' });
  },
};
