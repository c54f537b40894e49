// What the front end of the metrics plugin must do in every Grafana; run in each cell by ci/frontend/test.mjs.
//
// Loading          exports a plugin with its editors
// Query editor     fields, typing, running, kinds, live, alerting, steps, picking a metric, help
// Settings         fields, keys in jsonData, wrong texts, scrape targets, provisioned data sources
// Data source      filtering, defaults, request bodies, variables in queries, live channels, variable queries, health
//
// It does not look at how things are drawn: the components are stand-ins.
'use strict';

const RANGE = { from: { valueOf: () => 1_700_000_000_000 }, to: { valueOf: () => 1_700_000_900_000 } };

/** Objects made in the page have other prototypes than ours: compare what they hold. */
const plain = (value) => JSON.parse(JSON.stringify(value));

function datasource(host, jsonData = {}) {
  const { DataSourceClass } = host.module.plugin;
  const meta = { id: 'graftwire-metrics-datasource', name: 'Graftwire Metrics', info: {} };
  return new DataSourceClass({ id: 7, uid: 'edge', type: 'graftwire-metrics-datasource', name: 'Edge', meta, jsonData });
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

/** A query editor on the page that keeps what it hands out, as Grafana's pages do. */
async function queryEditor(host, query, props = {}) {
  const { React, module } = host;
  const seen = { query, runs: 0, screen: undefined };
  const element = () =>
    React.createElement(module.plugin.components.QueryEditor, {
      datasource: props.datasource ?? datasource(host),
      query: seen.query,
      range: RANGE,
      onChange: (changed) => (seen.query = changed),
      onRunQuery: () => (seen.runs += 1),
      app: props.app,
    });
  seen.screen = await host.screen.mount(element());
  /** Grafana draws the editor again with each change. */
  seen.does = async (action) => {
    await action(seen.screen);
    await seen.screen.show(element());
  };
  return seen;
}

async function configEditor(host, jsonData, more = {}) {
  const { React, module } = host;
  const seen = { options: { id: 7, type: 't', name: 'Edge', url: '', jsonData, secureJsonFields: {}, readOnly: false, ...more } };
  const element = () =>
    React.createElement(module.plugin.components.ConfigEditor, {
      options: seen.options,
      onOptionsChange: (options) => (seen.options = options),
    });
  seen.screen = await host.screen.mount(element());
  seen.does = async (action) => {
    await action(seen.screen);
    await seen.screen.show(element());
  };
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

  'query editor: draws its fields'(host, assert) {
    const { React, module } = host;
    const query = { refId: 'B', expr: 'up{job="a"}', range: true, instant: true, legendFormat: '{{job}}', interval: '30s' };
    const html = host.screen.html(
      React.createElement(module.plugin.components.QueryEditor, {
        datasource: datasource(host),
        query,
        onChange() {},
        onRunQuery() {},
      })
    );
    for (const part of ['>Metric<', '>Expression<', '>Legend<', '>Min step<', '>Format<', '>Type<']) {
      assert.ok(html.includes(part), `${part} in ${html}`);
    }
    assert.ok(html.includes('up{job=&quot;a&quot;}</textarea>'), html);
    assert.ok(html.includes('value="{{job}}"') && html.includes('value="30s"'), html);
    assert.equal(html.includes('>Live<'), !host.old, 'only servers with streams of plugins offer live');
  },

  async 'query editor: a query with nothing in it can be drawn'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A' });
    assert.equal(editor.screen.field('Expression').value, '');
    await editor.screen.close();
  },

  async 'query editor: typing changes the query, leaving the field runs it once'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', expr: '', hide: false });
    await editor.does((screen) => screen.type('Expression', 'up'));
    assert.deepEqual(plain(editor.query), { refId: 'A', expr: 'up', hide: false }, 'other keys stay');
    assert.equal(editor.runs, 0);
    await editor.does((screen) => screen.leave('Expression'));
    assert.equal(editor.runs, 1);
    await editor.does((screen) => screen.leave('Expression'));
    assert.equal(editor.runs, 1, 'nothing changed since');
    await editor.does((screen) => screen.type('Legend', '{{job}}'));
    await editor.does((screen) => screen.leave('Legend'));
    assert.deepEqual([editor.query.legendFormat, editor.runs], ['{{job}}', 2]);
    await editor.screen.close();
  },

  async 'query editor: Shift+Enter runs, Enter alone is a new line'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', expr: 'up' });
    const enter = await editor.screen.press('Expression', 'Enter');
    assert.deepEqual([editor.runs, enter.defaultPrevented], [0, false]);
    const shifted = await editor.screen.press('Expression', 'Enter', { shiftKey: true });
    assert.deepEqual([editor.runs, shifted.defaultPrevented], [1, true]);
    await editor.screen.close();
  },

  async 'query editor: type and format use the names of the Prometheus data source'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', expr: 'up' });
    await editor.does((screen) => screen.choose('Type', 'Both'));
    assert.deepEqual(plain(editor.query), { refId: 'A', expr: 'up', range: true, instant: true });
    await editor.does((screen) => screen.choose('Type', 'Instant'));
    assert.deepEqual(plain(editor.query), { refId: 'A', expr: 'up', range: false, instant: true });
    await editor.does((screen) => screen.choose('Type', 'Range'));
    assert.deepEqual(plain(editor.query), { refId: 'A', expr: 'up', range: true, instant: false });
    await editor.does((screen) => screen.choose('Format', 'Table'));
    assert.equal(editor.query.format, 'table');
    assert.equal(editor.runs, 4);
    await editor.screen.close();
  },

  async 'query editor: live can be switched on where there is something to follow'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', expr: 'up', range: true });
    assert.equal(editor.screen.has('Live'), !host.old);
    if (!host.old) {
      await editor.does((screen) => screen.click(screen.field('Live')));
      assert.equal(editor.query.live, true);
      await editor.does((screen) => screen.choose('Type', 'Instant'));
      assert.ok(!('live' in editor.query), 'an instant has no next sample');
      assert.equal(editor.screen.has('Live'), false);
    }
    await editor.screen.close();
  },

  async 'query editor: rules are not live'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', expr: 'up', range: true }, { app: 'unified-alerting' });
    assert.equal(editor.screen.has('Live'), false);
    await editor.screen.close();
  },

  async 'query editor: a step that is no duration is marked'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', expr: 'up' });
    for (const [text, wrong] of [['15', true], ['15s', false], ['1m30s', false], ['$step', false], ['quick', true], ['', false]]) {
      await editor.does((screen) => screen.type('Min step', text));
      assert.equal(editor.screen.field('Min step').getAttribute('aria-invalid') === 'true', wrong, text);
      assert.equal(editor.query.interval, text);
    }
    await editor.screen.close();
  },

  async 'query editor: picking a metric writes the query one would ask of it'(host, assert) {
    host.services.backend.on('/api/v1/label/__name__/values', { status: 'success', data: ['node_load1', 'requests_total'] });
    host.services.backend.on('/api/v1/metadata', {
      status: 'success',
      data: { requests_total: [{ type: 'counter', help: 'Requests served', unit: '' }] },
    });
    const editor = await queryEditor(host, { refId: 'A', expr: '' });
    await editor.does((screen) => screen.focus('Metric'));
    const options = [...editor.screen.field('Metric').querySelectorAll('option')].slice(1);
    assert.deepEqual(
      options.map((option) => [option.value, option.title]),
      [['node_load1', ''], ['requests_total', 'counter: Requests served']]
    );
    await editor.does((screen) => screen.type('Metric', 'requests_total'));
    assert.deepEqual([editor.query.expr, editor.runs], ['rate(requests_total[$__rate_interval])', 1]);
    await editor.does((screen) => screen.type('Metric', 'node_load1'));
    assert.equal(editor.query.expr, 'rate(requests_total[$__rate_interval])node_load1', 'at the end without a caret');
    await editor.screen.close();
  },

  async 'query editor: metrics that cannot be loaded say why'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', expr: '' });
    await editor.does((screen) => screen.focus('Metric'));
    assert.match(editor.screen.field('Metric').textContent, /nothing answers/);
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
    assert.deepEqual(plain(clicked), [{ refId: 'A', expr: first.textContent, range: true, instant: false }]);
    await screen.close();
  },

  // Settings

  'settings: draws its fields with help'(host, assert) {
    const { React, module } = host;
    const options = { jsonData: { storePath: '/srv/metrics', retentionDays: 30 }, readOnly: false, secureJsonFields: {} };
    const html = host.screen.html(
      React.createElement(module.plugin.components.ConfigEditor, { options, onOptionsChange() {} })
    );
    for (const part of ['Folder of the store', 'Retention', 'Largest size', 'Collect every', 'Add target', 'beside the plugin']) {
      assert.ok(html.includes(part), `${part} in ${html}`);
    }
    assert.ok(html.includes('value="/srv/metrics"') && html.includes('value="30"'), html);
  },

  async 'settings: what is typed arrives under the names the plugin reads'(host, assert) {
    const editor = await configEditor(host, { keep: 'me' });
    await editor.does((screen) => screen.type('Folder of the store', ' /var/lib/grafana/metrics '));
    await editor.does((screen) => screen.type('Retention', '30'));
    await editor.does((screen) => screen.type('Largest size', '512'));
    await editor.does((screen) => screen.type('Collect every', '5'));
    const all = {
      keep: 'me',
      storePath: '/var/lib/grafana/metrics',
      retentionDays: 30,
      maxStoreMegabytes: 512,
      collectIntervalSeconds: 5,
    };
    assert.deepEqual(editor.saved(), all);
    for (const label of ['Folder of the store', 'Retention', 'Largest size', 'Collect every']) {
      await editor.does((screen) => screen.type(label, ''));
    }
    assert.deepEqual(editor.saved(), { keep: 'me' }, 'an empty field is the default of the plugin');
    assert.deepEqual(editor.screen.alerts(), []);
    await editor.screen.close();
  },

  async 'settings: what cannot be read stays on the screen and is not saved'(host, assert) {
    const editor = await configEditor(host, { retentionDays: 30 });
    await editor.does((screen) => screen.type('Retention', '30x'));
    assert.deepEqual(editor.saved(), { retentionDays: 30 });
    assert.equal(editor.screen.field('Retention').value, '30x');
    assert.deepEqual(editor.screen.alerts(), ['found "30x", expected a whole number from 1 to 3650']);
    await editor.does((screen) => screen.type('Retention', '0'));
    assert.deepEqual(editor.screen.alerts(), ['found "0", expected a whole number from 1 to 3650']);
    await editor.does((screen) => screen.type('Folder of the store', 'metrics'));
    assert.equal(editor.screen.alerts().includes('found "metrics", expected an absolute path'), true);
    assert.deepEqual(editor.saved(), { retentionDays: 30 });
    await editor.does((screen) => screen.type('Retention', '7'));
    assert.deepEqual(editor.saved(), { retentionDays: 7 });
    await editor.screen.close();
  },

  async 'settings: values that change from outside are shown'(host, assert) {
    const editor = await configEditor(host, { retentionDays: 30 });
    await editor.does(() => (editor.options = { ...editor.options, jsonData: { retentionDays: 90 } }));
    assert.equal(editor.screen.field('Retention').value, '90');
    await editor.screen.close();
  },

  async 'settings: scrape targets are added, filled in and removed'(host, assert) {
    const editor = await configEditor(host, {});
    await editor.does((screen) => screen.click(screen.button('Add target')));
    assert.deepEqual(editor.saved(), { scrapeTargets: [{ job: '', url: '' }] });
    assert.deepEqual(editor.screen.alerts(), [], 'a new row is not wrong yet');
    await editor.does((screen) => screen.type('Job', 'node'));
    assert.match(editor.screen.alerts().join(), /expected a URL such as http/);
    await editor.does((screen) => screen.type('URL', 'http://127.0.0.1:9100/metrics'));
    assert.deepEqual(editor.screen.alerts(), []);
    await editor.does((screen) => screen.type('Every', '30'));
    await editor.does((screen) => screen.type('Labels', 'room=lab, rack="2"'));
    const target = {
      job: 'node',
      url: 'http://127.0.0.1:9100/metrics',
      intervalSeconds: 30,
      labels: { room: 'lab', rack: '2' },
    };
    assert.deepEqual(editor.saved(), { scrapeTargets: [target] });
    await editor.does((screen) => screen.type('Labels', 'room=lab, 2rack'));
    assert.deepEqual(editor.screen.alerts(), ['found "2rack", expected name=value']);
    assert.deepEqual(editor.saved(), { scrapeTargets: [target] }, 'half-typed labels are not saved');
    await editor.does((screen) => screen.type('Labels', ''));
    await editor.does((screen) => screen.type('Every', ''));
    assert.deepEqual(editor.saved(), { scrapeTargets: [{ job: 'node', url: target.url }] });
    await editor.does((screen) => screen.click(screen.button('Remove target 1')));
    assert.deepEqual(editor.saved(), {});
    await editor.screen.close();
  },

  async 'settings: removing a row leaves the others as they are'(host, assert) {
    const first = { job: 'a', url: 'http://a/metrics', labels: { room: 'one' } };
    const second = { job: 'b', url: 'http://b/metrics', labels: { room: 'two' }, intervalSeconds: 60 };
    const editor = await configEditor(host, { scrapeTargets: [first, second] });
    await editor.does((screen) => screen.click(screen.button('Remove target 1')));
    assert.deepEqual(editor.saved(), { scrapeTargets: [second] });
    assert.equal(editor.screen.field('Labels').value, 'room=two');
    assert.equal(editor.screen.field('Every').value, '60');
    await editor.screen.close();
  },

  async 'settings: the same target twice is told'(host, assert) {
    const target = { job: 'a', url: 'http://a/metrics' };
    const editor = await configEditor(host, { scrapeTargets: [target, { ...target }] });
    assert.deepEqual(editor.screen.alerts(), Array(2).fill('the job "a" has this URL twice'));
    await editor.screen.close();
  },

  async 'settings: a provisioned data source cannot be edited'(host, assert) {
    const target = { job: 'a', url: 'http://a/metrics' };
    const editor = await configEditor(host, { scrapeTargets: [target] }, { readOnly: true });
    const controls = [...editor.screen.container.querySelectorAll('input, button')];
    assert.ok(controls.length >= 10);
    assert.deepEqual(controls.filter((one) => !one.disabled).map((one) => one.outerHTML), []);
    await editor.screen.close();
  },

  // Data source

  'filterQuery: empty and hidden queries stay in the browser, expressions pass'(host, assert) {
    const source = datasource(host);
    const pass = (query) => source.filterQuery({ refId: 'A', ...query });
    assert.equal(pass({ expr: 'up' }), true);
    assert.equal(pass({ expr: '  ' }), false);
    assert.equal(pass({}), false);
    assert.equal(pass({ expr: 'up', hide: true }), false);
    assert.equal(pass({ datasource: '__expr__', expression: '$A + 1' }), true);
    assert.equal(pass({ datasource: { type: '__expr__', uid: '__expr__' }, expression: '$A + 1' }), true);
  },

  'defaults: what a new query asks depends on the place'(host, assert) {
    const source = datasource(host);
    assert.deepEqual(plain(source.getDefaultQuery('panel-editor')), { expr: '', range: true, instant: false });
    assert.deepEqual(plain(source.getDefaultQuery('explore')), { expr: '', range: true, instant: true });
    assert.deepEqual(plain(source.getDefaultQuery('unified-alerting')), { expr: '', range: false, instant: true });
    assert.deepEqual(plain(source.annotations), {}, 'the standard annotation editor');
    assert.equal(source.getQueryDisplayText({ refId: 'A', expr: 'up' }), 'up');
  },

  async 'query: sends what the plugin reads, with dashboard variables filled in'(host, assert) {
    const { backend, templates } = host.services;
    templates.set('host', ['a.lan', 'b'], { multi: true, includeAll: true });
    templates.set('disk', 'C:\\ "x"');
    templates.set('step', '30s');
    backend.on('/api/ds/query', host.queryAnswer('A', [{ fields: [{ name: 'v', type: 'number', values: [1] }] }]));
    const expr = 'rate(x{host=~"$host", disk="${disk}"}[$__rate_interval]) / $__range_s + $__interval_ms + x[$__interval]';
    const targets = [
      { refId: 'A', expr, legendFormat: '$step {{host}}', interval: '$step', format: 'table', range: true, instant: false },
      { refId: 'B', expr: '' },
      { refId: 'C', expr: 'up', hide: true },
    ];
    const scopedVars = { __interval: { value: '15s' }, __interval_ms: { value: 15_000 }, __range_s: { value: 900 } };
    const [response] = await responses(datasource(host).query(request(targets, { scopedVars })));
    const [{ data: body }] = backend.asked;
    assert.equal(body.queries.length, 1);
    const [sent] = body.queries;
    assert.equal(
      sent.expr,
      String.raw`rate(x{host=~"(a\\.lan|b)", disk="C:\\ \x22x\x22"}[$__rate_interval]) / $__range_s + $__interval_ms + x[$__interval]`
    );
    assert.deepEqual(
      [sent.refId, sent.legendFormat, sent.interval, sent.format, sent.range, sent.instant],
      ['A', '30s {{host}}', '30s', 'table', true, false]
    );
    assert.deepEqual([sent.intervalMs, sent.maxDataPoints], [15_000, 600]);
    assert.deepEqual([body.from, body.to], ['1700000000000', '1700000900000']);
    assert.equal(response.data.length, 1);
  },

  async 'query: one of several values needs no group, one value no pattern'(host, assert) {
    const source = datasource(host);
    host.services.templates.set('one', ['a.b'], { multi: true });
    host.services.templates.set('plain', 'a.b');
    const [filled] = source.interpolateVariablesInQueries([{ refId: 'A', expr: '$one $plain $unknown' }], {});
    assert.equal(filled.expr, String.raw`a\\.b a.b $unknown`);
  },

  async 'query: nothing to ask asks nothing'(host, assert) {
    const found = await responses(datasource(host).query(request([{ refId: 'A', expr: '' }])));
    assert.deepEqual(plain(found.map((one) => one.data)), [[]]);
    assert.equal(host.services.backend.asked.length, 0);
  },

  async 'live: queries follow a channel, the others are asked'(host, assert) {
    const { backend, live, templates } = host.services;
    templates.set('job', 'node');
    backend.on('/api/ds/query', host.queryAnswer('B', []));
    const targets = [
      { refId: 'A', expr: 'up{job="$job"}', live: true, range: true, legendFormat: '{{job}}' },
      { refId: 'B', expr: 'down', range: true },
      { refId: 'C', expr: 'up', live: true, range: false, instant: true },
    ];
    const found = await responses(datasource(host).query(request(targets)));
    const asked = backend.asked.flatMap((one) => one.data.queries.map((query) => query.refId));
    if (host.old) {
      assert.deepEqual(asked, ['A', 'B', 'C'], 'without streams of plugins a live query is an ordinary one');
      return;
    }
    assert.deepEqual(asked, ['B', 'C']);
    assert.equal(found.length, 2);
    assert.equal(live.asked.length, 1);
    const { addr, buffer } = plain(live.asked[0]);
    assert.match(addr.path, /^live\/[0-9a-f]{16}$/);
    assert.deepEqual([addr.scope, addr.namespace, addr.stream], ['ds', 'edge', 'edge']);
    assert.deepEqual(addr.data, { expr: 'up{job="node"}', legendFormat: '{{job}}', interval: '', live: true, windowMs: 900_000 });
    assert.deepEqual(buffer, { maxLength: 900, maxDelta: 900_000 });
    if (host.data.isValidLiveChannelAddress) {
      assert.equal(host.data.isValidLiveChannelAddress(live.asked[0].addr), true, 'as this version sees it');
    }
  },

  async 'live: equal queries share a channel, different ones do not'(host, assert) {
    if (host.old) {
      return;
    }
    const { live } = host.services;
    const follow = async (query, more) => {
      await responses(datasource(host).query(request([{ refId: 'A', live: true, range: true, ...query }], more)));
      return live.asked.at(-1).addr.path;
    };
    const first = await follow({ expr: 'up' });
    const moved = { from: { valueOf: () => 1_700_000_004_321 }, to: { valueOf: () => 1_700_000_904_400 } };
    assert.equal(await follow({ expr: 'up', refId: 'Z', datasource: { uid: 'edge' } }, { range: moved }), first);
    assert.notEqual(await follow({ expr: 'up ' }), first);
    assert.notEqual(await follow({ expr: 'up', legendFormat: 'x' }), first);
    assert.notEqual(await follow({ expr: 'up' }, { range: { ...RANGE, from: { valueOf: () => 0 } } }), first);
  },

  async "live: Explore's button follows all queries, expressions keep them on the server"(host, assert) {
    const { backend, live } = host.services;
    backend.on('/api/ds/query', host.queryAnswer('A', []));
    await responses(datasource(host).query(request([{ refId: 'A', expr: 'up', range: true }], { liveStreaming: true })));
    assert.equal(live.asked.length, host.old ? 0 : 1);
    const expression = { refId: 'B', datasource: host.old ? '__expr__' : { type: '__expr__', uid: '__expr__' }, expression: '$A' };
    await responses(datasource(host).query(request([{ refId: 'A', expr: 'up', live: true, range: true }, expression])));
    assert.deepEqual(backend.asked.at(-1).data.queries.map((query) => query.refId), ['A', 'B']);
  },

  async 'variables: labels, values, metrics and series come from the resources'(host, assert) {
    const { backend, templates } = host.services;
    const source = datasource(host);
    const texts = async (query, options = { range: RANGE }) =>
      plain(await source.metricFindQuery(query, options)).map((one) => one.text);
    backend.on('/api/v1/labels', { status: 'success', data: ['__name__', 'job'] });
    backend.on('/api/v1/label/job/values', { status: 'success', data: ['node', 'self'] });
    backend.on('/api/v1/label/__name__/values', { status: 'success', data: ['node_load1', 'node_load5', 'up'] });
    backend.on('/api/v1/series', { status: 'success', data: [{ __name__: 'up', job: 'a"b' }, { __name__: 'up' }] });
    const asked = () => {
      const { url, params } = backend.asked.at(-1);
      return [url.split('/resources/')[1], plain(params ?? {})];
    };
    const range = { start: 1_700_000_000, end: 1_700_000_900 };

    assert.deepEqual(await texts('label_names()'), ['__name__', 'job']);
    assert.deepEqual(asked(), ['api/v1/labels', range]);
    assert.deepEqual(await texts('label_values(job)'), ['node', 'self']);
    assert.deepEqual(asked(), ['api/v1/label/job/values', range]);
    templates.set('room', 'lab');
    assert.deepEqual(await texts('label_values(up{room="$room", x="y"}, job)'), ['node', 'self']);
    assert.deepEqual(asked(), ['api/v1/label/job/values', { ...range, 'match[]': ['up{room="lab", x="y"}'] }]);
    assert.deepEqual(await texts('metrics(load[15])'), ['node_load1', 'node_load5']);
    assert.deepEqual(await texts('up'), ['up{job="a\\"b"}', 'up']);
    assert.deepEqual(asked(), ['api/v1/series', { ...range, 'match[]': ['up'] }]);
    assert.deepEqual(await texts({ query: 'label_names()', refId: 'v' }, {}), ['__name__', 'job']);
    assert.deepEqual(asked(), ['api/v1/labels', {}], 'without a range the whole store is asked');
    assert.deepEqual(await texts('  '), []);
  },

  async 'variables: query_result gives one text per sample'(host, assert) {
    const { backend } = host.services;
    const labels = { __name__: 'up', job: 'node' };
    backend.on('/api/ds/query', host.queryAnswer('variable', [
      {
        fields: [
          { name: 'Time', type: 'time', values: [1_700_000_900_000] },
          { name: 'Value', type: 'number', labels, values: [1.5] },
        ],
      },
    ]));
    const found = await datasource(host).metricFindQuery('query_result(topk(1, up))', { range: RANGE });
    assert.deepEqual(plain(found).map((one) => one.text), ['up{job="node"} 1.5 1700000900000']);
    const [sent] = backend.asked[0].data.queries;
    assert.deepEqual([sent.expr, sent.instant, sent.range], ['topk(1, up)', true, false]);
  },

  async 'variables: what went wrong is told'(host, assert) {
    const { backend } = host.services;
    const source = datasource(host);
    await assert.rejects(source.metricFindQuery('label_values(up, a-b)'), { message: /found "a-b", expected a label name/ });
    backend.on('/api/v1/label/__name__/values', { status: 'success', data: [] });
    await assert.rejects(source.metricFindQuery('metrics(()'), { message: 'metrics: "(" is not a regular expression' });
    backend.on('/api/v1/labels', { status: 'error', error: 'the store is being repaired' });
    await assert.rejects(source.metricFindQuery('label_names()'), { message: 'the store is being repaired' });
    backend.on('/api/ds/query', () => {
      throw host.queryFailure('variable', 'parse error at column 3');
    });
    await assert.rejects(source.metricFindQuery('query_result(up[)'), { message: /parse error at column 3/ });
  },

  async 'health: the button tells what the plugin says'(host, assert) {
    host.services.backend.on('/health', { status: 'OK', message: '214 series, 12 MB', details: {} });
    assert.deepEqual(plain(await datasource(host).testDatasource()), { status: 'success', message: '214 series, 12 MB' });
  },
};
