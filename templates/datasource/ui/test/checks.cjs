// What the front end must do in every Grafana; run in each cell by ci/frontend/test.mjs of Graftwire.
//
// Loading, query editor, settings, data source. It does not look at how things are drawn: components are stand-ins.
'use strict';

const RANGE = { from: { valueOf: () => 1_700_000_000_000 }, to: { valueOf: () => 1_700_000_900_000 } };
/** Objects made in the page have other prototypes than ours: compare what they hold. */
const plain = (value) => JSON.parse(JSON.stringify(value));

function datasource(host, jsonData = {}) {
  const { DataSourceClass } = host.module.plugin;
  const meta = { id: 'example-wave-datasource', name: 'Example Wave', info: {} };
  return new DataSourceClass({ id: 7, uid: 'u', type: 'example-wave-datasource', name: 'n', meta, jsonData });
}

/** An editor on the page that keeps what it hands out, as Grafana's pages do. */
async function shown(host, state, element) {
  const seen = { ...state };
  seen.screen = await host.screen.mount(element(seen));
  seen.does = async (action) => {
    await action(seen.screen);
    await seen.screen.show(element(seen));
  };
  return seen;
}

function queryEditor(host, query) {
  return shown(host, { query, runs: 0 }, (seen) =>
    host.React.createElement(host.module.plugin.components.QueryEditor, {
      datasource: datasource(host),
      query: seen.query,
      range: RANGE,
      onChange: (changed) => (seen.query = changed),
      onRunQuery: () => (seen.runs += 1),
    })
  );
}

function configEditor(host, jsonData, more = {}) {
  const options = { id: 7, type: 't', name: 'n', url: '', jsonData, secureJsonFields: {}, readOnly: false, ...more };
  return shown(host, { options }, (seen) =>
    host.React.createElement(host.module.plugin.components.ConfigEditor, {
      options: seen.options,
      onOptionsChange: (changed) => (seen.options = changed),
    })
  );
}

module.exports = {
  'exports a data source plugin with its editors'(host, assert) {
    const { plugin } = host.module;
    assert.ok(plugin instanceof host.data.DataSourcePlugin);
    assert.deepEqual(['QueryEditor', 'ConfigEditor'].filter((name) => typeof plugin.components[name] !== 'function'), []);
  },

  async 'query editor: the list comes from the process, a choice runs the query'(host, assert) {
    host.services.backend.on('/shapes', ['sine', 'square']);
    const editor = await queryEditor(host, { refId: 'A', hide: false });
    await editor.does((screen) => screen.focus('Shape'));
    await editor.does((screen) => screen.type('Shape', 'square'));
    assert.deepEqual(plain(editor.query), { refId: 'A', hide: false, shape: 'square' }, 'other keys stay');
    assert.equal(editor.runs, 1);
    await editor.screen.close();
  },

  async 'query editor: a list that cannot be loaded says why'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A' });
    await editor.does((screen) => screen.focus('Shape'));
    assert.match(editor.screen.field('Shape').textContent, /nothing answers/);
    await editor.screen.close();
  },

  async 'query editor: numbers are kept, other texts go nowhere'(host, assert) {
    const editor = await queryEditor(host, { refId: 'A', amplitude: 1 });
    await editor.does((screen) => screen.type('Amplitude', '2.5'));
    await editor.does((screen) => screen.type('Amplitude', '2.5x'));
    assert.equal(editor.query.amplitude, 2.5);
    assert.equal(editor.screen.field('Amplitude').value, '2.5x');
    await editor.does((screen) => screen.leave('Amplitude'));
    assert.equal(editor.runs, 1);
    await editor.screen.close();
  },

  async 'settings: what is typed arrives under the name the process reads'(host, assert) {
    const editor = await configEditor(host, { keep: 'me' });
    await editor.does((screen) => screen.type('Period', '30'));
    assert.deepEqual(plain(editor.options.jsonData), { keep: 'me', periodSeconds: 30 });
    await editor.does((screen) => screen.type('Period', '0'));
    assert.deepEqual(editor.screen.alerts(), ['found "0", expected a number from 1 to 86400']);
    assert.equal(editor.options.jsonData.periodSeconds, 30);
    await editor.does((screen) => screen.type('Period', ''));
    assert.deepEqual(plain(editor.options.jsonData), { keep: 'me' }, 'an empty field is the default');
    await editor.screen.close();
  },

  async 'settings: a provisioned data source cannot be edited'(host, assert) {
    const editor = await configEditor(host, {}, { readOnly: true });
    assert.ok(editor.screen.field('Period').disabled);
    await editor.screen.close();
  },

  async 'query: sends what the process reads, with variables filled in'(host, assert) {
    const { backend, templates } = host.services;
    templates.set('kind', 'square');
    backend.on('/api/ds/query', host.queryAnswer('A', [{ fields: [{ name: 'v', type: 'number', values: [1] }] }]));
    const targets = [{ refId: 'A', shape: '$kind', amplitude: 2 }];
    const request = { requestId: 'r', targets, range: RANGE, scopedVars: {}, interval: '15s', intervalMs: 15_000, maxDataPoints: 600, timezone: 'browser', app: 'dashboard', startTime: 0 };
    await new Promise((complete, error) => datasource(host).query(request).subscribe({ error, complete }));
    const [{ data: body }] = backend.asked;
    assert.deepEqual([body.queries[0].shape, body.queries[0].amplitude], ['square', 2]);
  },

  'filterQuery: hidden queries stay in the browser'(host, assert) {
    const source = datasource(host);
    assert.deepEqual([source.filterQuery({ refId: 'A' }), source.filterQuery({ refId: 'A', hide: true })], [true, false]);
  },
};
