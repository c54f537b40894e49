// What the front end of the SQL plugin must do in every Grafana; run in each cell by ci/frontend/test.mjs.
//
// Loading          exports a plugin with its editors
// Query editor     fields, typing, running, formats, picking tables and macros, help
// Settings         fields, keys in jsonData, wrong texts, provisioned data sources
// Data source      filtering, defaults, request bodies, variables in SQL, variable queries, health
//
// It does not look at how things are drawn: the components are stand-ins.
'use strict';

const RANGE = { from: { valueOf: () => 1_700_000_000_000 }, to: { valueOf: () => 1_700_000_900_000 } };

/** Objects made in the page have other prototypes than ours: compare what they hold. */
const plain = (value) => JSON.parse(JSON.stringify(value));

function datasource(host, jsonData = {}) {
  const { DataSourceClass } = host.module.plugin;
  const meta = { id: 'graftwire-sql-datasource', name: 'Graftwire SQL', info: {} };
  return new DataSourceClass({ id: 7, uid: 'edge', type: 'graftwire-sql-datasource', name: 'Edge', meta, jsonData });
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

  async 'query editor: a query with nothing in it can be drawn'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A' });
    assert.equal(editor.screen.field('SQL').value, '');
    await editor.screen.close();
  },

  async 'query editor: typing changes the query, leaving the field runs it once'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', rawSql: '', hide: false });
    await editor.does((screen) => screen.type('SQL', 'SELECT 1'));
    assert.deepEqual(plain(editor.query), { refId: 'A', rawSql: 'SELECT 1', hide: false }, 'other keys stay');
    assert.equal(editor.runs, 0);
    await editor.does((screen) => screen.leave('SQL'));
    await editor.does((screen) => screen.leave('SQL'));
    assert.equal(editor.runs, 1, 'nothing changed since');
    await editor.screen.close();
  },

  async 'query editor: Shift+Enter runs, Enter alone is a new line'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', rawSql: 'SELECT 1' });
    const enter = await editor.screen.press('SQL', 'Enter');
    assert.deepEqual([editor.runs, enter.defaultPrevented], [0, false]);
    const shifted = await editor.screen.press('SQL', 'Enter', { shiftKey: true });
    assert.deepEqual([editor.runs, shifted.defaultPrevented], [1, true]);
    await editor.screen.close();
  },

  async "query editor: formats use the names of Grafana's SQL data sources"(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', rawSql: 'SELECT 1' });
    for (const [label, format] of [['Table', 'table'], ['Logs', 'logs'], ['Time series', 'time_series']]) {
      await editor.does((screen) => screen.choose('Format', label));
      assert.equal(editor.query.format, format);
    }
    assert.equal(editor.runs, 3);
    await editor.screen.close();
  },

  async 'query editor: picking a table looks at it, or names it'(host, assert) {
    host.services.backend.on('/tables', [{ name: 'load', type: 'table' }, { name: 'odd "name', type: 'view' }]);
    const editor = await queryEditor(host, { refId: 'A', rawSql: '' });
    await editor.does((screen) => screen.focus('Table'));
    await editor.does((screen) => screen.type('Table', 'load'));
    assert.deepEqual(plain(editor.query), { refId: 'A', rawSql: 'SELECT * FROM load LIMIT 100', format: 'table' });
    assert.equal(editor.runs, 1);
    await editor.does((screen) => screen.type('Table', 'odd "name'));
    assert.equal(editor.query.rawSql, 'SELECT * FROM load LIMIT 100"odd ""name"', 'at the end without a caret');
    await editor.screen.close();
  },

  async 'query editor: picking a macro writes its call'(host, assert) {
    host.services.backend.on('/macros', [
      { name: '$__timeGroup', arguments: ['column', 'interval', 'fill?'], help: 'rows in steps' },
      { name: '$__interval', arguments: [], help: 'distance of points' },
    ]);
    const editor = await queryEditor(host, { refId: 'A', rawSql: 'SELECT ' });
    await editor.does((screen) => screen.focus('Macro'));
    await editor.does((screen) => screen.type('Macro', "$__timeGroup(column, '$__interval')"));
    assert.equal(editor.query.rawSql, "SELECT $__timeGroup(column, '$__interval')");
    await editor.does((screen) => screen.type('Macro', '$__interval'));
    assert.ok(editor.query.rawSql.endsWith(')$__interval'));
    await editor.screen.close();
  },

  async 'query editor: lists that cannot be loaded say why'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', rawSql: '' });
    await editor.does((screen) => screen.focus('Table'));
    assert.match(editor.screen.field('Table').textContent, /nothing answers/);
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
    assert.deepEqual(plain(clicked), [{ refId: 'A', rawSql: first.textContent, format: 'table' }]);
    await screen.close();
  },

  // Settings

  async 'settings: what is typed arrives under the names the plugin reads'(host, assert) {
    const editor = await configEditor(host, { keep: 'me' });
    await editor.does((screen) => screen.type('Path', ' /data/app.db '));
    await editor.does((screen) => screen.type('Query timeout', '60'));
    await editor.does((screen) => screen.type('Wait for locks', '5'));
    await editor.does((screen) => screen.type('Row limit', '1000'));
    await editor.does((screen) => screen.type('Largest cell', '4'));
    await editor.does((screen) => screen.click(screen.field('Immutable')));
    assert.deepEqual(editor.saved(), {
      keep: 'me',
      path: '/data/app.db',
      queryTimeoutSeconds: 60,
      busyTimeoutSeconds: 5,
      rowLimit: 1000,
      maxCellMegabytes: 4,
      immutable: true,
    });
    for (const label of ['Path', 'Query timeout', 'Wait for locks', 'Row limit', 'Largest cell']) {
      await editor.does((screen) => screen.type(label, ''));
    }
    await editor.does((screen) => screen.click(screen.field('Immutable')));
    assert.deepEqual(editor.saved(), { keep: 'me' }, 'an empty field is the default of the plugin');
    await editor.screen.close();
  },

  async 'settings: what cannot be read stays on the screen and is not saved'(host, assert) {
    const editor = await configEditor(host, { path: '/data/app.db' });
    await editor.does((screen) => screen.type('Path', 'app.db'));
    assert.deepEqual(editor.screen.alerts(), ['found "app.db", expected an absolute path']);
    await editor.does((screen) => screen.type('Path', '/data/../etc/x'));
    assert.deepEqual(editor.screen.alerts(), ['found "/data/../etc/x", expected a path without ".."']);
    await editor.does((screen) => screen.type('Row limit', 'many'));
    assert.ok(editor.screen.alerts().includes('found "many", expected a whole number from 1 to 1000000000'));
    assert.deepEqual(editor.saved(), { path: '/data/app.db' });
    await editor.screen.close();
  },

  async 'settings: a provisioned data source cannot be edited'(host, assert) {
    const editor = await configEditor(host, { path: '/data/app.db' }, { readOnly: true });
    const controls = [...editor.screen.container.querySelectorAll('input, button')];
    assert.ok(controls.length >= 6);
    assert.deepEqual(controls.filter((one) => !one.disabled).map((one) => one.outerHTML), []);
    await editor.screen.close();
  },

  // Data source

  'filterQuery: empty and hidden queries stay in the browser, expressions pass'(host, assert) {
    const source = datasource(host);
    const pass = (query) => source.filterQuery({ refId: 'A', ...query });
    assert.equal(pass({ rawSql: 'SELECT 1' }), true);
    assert.equal(pass({ rawSql: '  ' }), false);
    assert.equal(pass({}), false);
    assert.equal(pass({ rawSql: 'SELECT 1', hide: true }), false);
    assert.equal(pass({ datasource: { type: '__expr__', uid: '__expr__' }, expression: '$A + 1' }), true);
  },

  'defaults: what a new query asks depends on the place'(host, assert) {
    const source = datasource(host);
    assert.deepEqual(plain(source.getDefaultQuery('panel-editor')), { rawSql: '', format: 'table' });
    assert.deepEqual(plain(source.getDefaultQuery('unified-alerting')), { rawSql: '', format: 'time_series' });
    assert.deepEqual(plain(source.annotations), {}, 'the standard annotation editor');
    assert.equal(source.getQueryDisplayText({ refId: 'A', rawSql: 'SELECT 1' }), 'SELECT 1');
  },

  async 'query: sends what the plugin reads, with dashboard variables filled in'(host, assert) {
    const { backend, templates } = host.services;
    templates.set('host', ["a'b", 'c'], { multi: true, includeAll: true });
    templates.set('one', ['x'], { multi: true });
    templates.set('name', "O'Hara");
    backend.on('/api/ds/query', host.queryAnswer('A', [{ fields: [{ name: 'v', type: 'number', values: [1] }] }]));
    const rawSql =
      "SELECT $__timeGroup(at, '$__interval') FROM t WHERE h IN ($host) AND o IN ($one) AND n = '$name' AND at > $__from AND $__timeFilter(at)";
    const targets = [
      { refId: 'A', rawSql, format: 'table' },
      { refId: 'B', rawSql: '' },
      { refId: 'C', rawSql: 'SELECT 1', hide: true },
    ];
    const scopedVars = { __interval: { value: '15s' }, __interval_ms: { value: 15_000 } };
    await responses(datasource(host).query(request(targets, { scopedVars })));
    const [{ data: body }] = backend.asked;
    assert.equal(body.queries.length, 1);
    assert.equal(
      body.queries[0].rawSql,
      "SELECT $__timeGroup(at, '$__interval') FROM t WHERE h IN ('a''b','c') AND o IN ('x') AND n = 'O''Hara' AND at > $__from AND $__timeFilter(at)"
    );
    assert.deepEqual([body.queries[0].format, body.queries[0].intervalMs], ['table', 15_000]);
  },

  async 'variables: __text and __value are names and values, otherwise all cells are choices'(host, assert) {
    const { backend, templates } = host.services;
    templates.set('kind', 'disk');
    const fields = (...list) => [{ fields: list.map(([name, type, values]) => ({ name, type, values })) }];
    backend.on(
      '/api/ds/query',
      host.queryAnswer('variable', fields(['__value', 'number', [1, 2]], ['__text', 'string', ['one', 'two']]))
    );
    const found = await datasource(host).metricFindQuery("SELECT '$kind'", { range: RANGE });
    assert.deepEqual(plain(found), [{ text: 'one', value: 1 }, { text: 'two', value: 2 }]);
    const [sent] = backend.asked[0].data.queries;
    assert.deepEqual([sent.rawSql, sent.format], ["SELECT 'disk'", 'table']);
    backend.on('/api/ds/query', host.queryAnswer('variable', fields(['a', 'string', ['x', null, 'x']], ['b', 'number', [5, 6, 7]])));
    const all = await datasource(host).metricFindQuery({ query: 'SELECT a, b' }, {});
    assert.deepEqual(plain(all).map((one) => one.text), ['x', '5', '6', '7']);
    assert.deepEqual(plain(await datasource(host).metricFindQuery(' ')), []);
  },

  async 'variables: what went wrong is told'(host, assert) {
    host.services.backend.on('/api/ds/query', () => {
      throw host.queryFailure('variable', 'no such table: x');
    });
    await assert.rejects(datasource(host).metricFindQuery('SELECT * FROM x'), { message: /no such table: x/ });
  },

  async 'health: the button tells what the plugin says'(host, assert) {
    host.services.backend.on('/health', { status: 'OK', message: 'SQLite 3.54: 4 table(s)', details: {} });
    assert.deepEqual(plain(await datasource(host).testDatasource()), { status: 'success', message: 'SQLite 3.54: 4 table(s)' });
  },
};
