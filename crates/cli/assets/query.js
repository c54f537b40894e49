// The query box: a query model as an expression or as JSON, a time range, and the answer as chart, table, JSON and
// what crossed the wire.

import { api, ApiError } from './api.js';
import { chart } from './chart.js';
import { fill, h, tabs } from './dom.js';
import { read, seriesOf } from './frames.js';
import { isLog, logLines } from './logs.js';
import { rangePicker } from './range.js';
import { table } from './table.js';
import { answerWire } from './wire.js';

/** Keys in which query models keep the text that people write. */
const TEXT_KEYS = ['expr', 'rawSql', 'rawQuery', 'queryText', 'query'];
/** JSON beyond this is cut on the page; the whole of it can be copied. */
const MAX_JSON = 200_000;

/** The query tab of one plugin: `open(queries, range)`, `plugged(entry)`. */
export function queryBox(plugin) {
  let template = {};
  let textKey;
  let mode = 'json';
  let answer;
  let running;
  let protocol;

  const id = (name) => `${name}-${plugin}`;
  const text = h('textarea', { id: id('text'), rows: 2, spellcheck: 'false', autocapitalize: 'off', oninput: fit, onkeydown: (event) => keys(event, !isLong()) });
  const hint = h('span', { class: 'muted hint' });
  const model = h('textarea', { id: id('model'), rows: 7, spellcheck: 'false', autocapitalize: 'off', onkeydown: keys }, '{}');
  const textField = h('div', { class: 'field wide' }, h('label', { for: text.id }, 'Expression'), text);
  const modelField = h('div', { class: 'field wide' }, h('label', { for: model.id }, 'Query model (an object, or a list of them)'), model);
  const modes = h('div', { class: 'fields' }, h('button', { type: 'button', class: 'quiet small', onclick: switchMode }));
  const range = rangePicker({ id: id('query-range'), from: 'now-15m', to: 'now' }, () => {});
  const interval = h('input', { id: id('interval'), size: 6, placeholder: 'auto', onkeydown: (event) => keys(event, true) });
  const points = h('input', { id: id('points'), size: 6, inputmode: 'numeric', placeholder: 'width', onkeydown: (event) => keys(event, true) });
  const format = h('select', { id: id('format') }, h('option', { value: 'arrow' }, 'Arrow'), h('option', { value: 'json' }, 'JSON'));
  const run = h('button', { type: 'submit', class: 'primary' }, 'Run query');
  const message = h('div', { class: 'answer-state', role: 'status' });
  const field = (title, control) => h('div', { class: 'field' }, h('label', { for: control.id }, title), control);

  const form = h(
    'form',
    { class: 'query-form', onsubmit: submitted },
    textField,
    modelField,
    h('div', { class: 'toolbar' }, range.element, field('Interval', interval), field('Points', points), field('Frame format', format)),
    h('div', { class: 'toolbar' }, run, modes, hint)
  );

  const drawn = chart({ title: 'Answer', fill: 8 });
  const views = {
    chart: h('div', { role: 'tabpanel', id: id('view-chart'), tabindex: '0', class: 'view view-chart' }),
    table: h('div', { role: 'tabpanel', id: id('view-table'), class: 'view' }),
    json: h('div', { role: 'tabpanel', id: id('view-json'), class: 'view' }),
    wire: h('div', { role: 'tabpanel', id: id('view-wire'), class: 'view' }),
  };
  const titles = { chart: 'Chart', table: 'Table', json: 'JSON', wire: 'Wire' };
  let view = 'chart';
  const row = tabs('Answer as', Object.entries(titles).map(([key, title]) => ({ key, title, controls: views[key].id })), choose);
  for (const [key, element] of Object.entries(views)) {
    element.setAttribute('aria-label', titles[key]);
  }
  const result = h('section', { class: 'answer', 'aria-label': 'Answer', hidden: true }, row, ...Object.values(views));
  const element = h('div', { class: 'query' }, form, message, result);
  setMode('json');
  choose('chart');

  /** Texts of several lines, as SQL is, need Enter for themselves. */
  const isLong = () => text.value.includes('\n') || /sql/i.test(textKey ?? '');

  /** As high as the text needs, and what the keys do now. */
  function fit() {
    text.rows = Math.min(14, Math.max(2, text.value.split('\n').length));
    hint.textContent = mode === 'text' && !isLong() ? 'Enter runs it' : 'Shift+Enter runs it';
  }

  function keys(event, single = false) {
    if (event.key === 'Enter' && (event.shiftKey || event.ctrlKey || event.metaKey || single)) {
      event.preventDefault();
      form.requestSubmit();
    }
  }

  /** What the plugin's own dashboards ask is the best start. */
  async function suggest() {
    const { dashboards: names } = await api.get(plugin, 'dashboards');
    if (names.length === 0) {
      return;
    }
    const dashboard = await api.get(plugin, 'dashboards/0');
    const all = (dashboard.panels ?? []).flatMap((panel) => [panel, ...(panel.panels ?? [])]);
    const targets = (panels) => panels.flatMap((panel) => panel.targets ?? []).filter((one) => !one.live);
    const charts = targets(all.filter((panel) => panel.type === 'timeseries'));
    // Of a special kind of query the expression alone shows nothing.
    const target = charts.find((one) => !one.queryType) ?? charts[0] ?? targets(all)[0];
    if (target && !text.value && model.value === '{}') {
      // Which value a variable has is the dashboard's affair; a matcher on it would find nothing here.
      const plain = Object.fromEntries(Object.entries(target).map(([key, value]) => [key, typeof value === 'string' ? withoutVariables(value) : value]));
      setQueries([plain]);
    }
  }

  function setQueries(queries) {
    const [only] = queries;
    textKey = queries.length === 1 ? TEXT_KEYS.find((key) => typeof only[key] === 'string') : undefined;
    template = queries.length === 1 ? without(only, ['refId', 'datasource', 'hide', 'live']) : {};
    model.value = JSON.stringify(queries.length === 1 ? template : queries.map((one) => without(one, ['datasource', 'live'])), null, 2);
    text.value = textKey ? only[textKey] : '';
    setMode(textKey ? 'text' : 'json');
  }

  function setMode(next) {
    mode = next;
    textField.hidden = mode !== 'text';
    modelField.hidden = mode !== 'json';
    modes.hidden = !textKey;
    modes.firstElementChild.textContent = mode === 'text' ? 'Edit as JSON' : 'Edit as expression';
    fit();
  }

  function switchMode() {
    if (mode === 'text') {
      model.value = JSON.stringify({ ...template, [textKey]: text.value }, null, 2);
      setMode('json');
      model.focus();
      return;
    }
    try {
      template = JSON.parse(model.value);
      text.value = template[textKey] ?? '';
    } catch {
      // What is no JSON yet stays where it is; the expression goes on from the last one that was.
    }
    setMode('text');
    text.focus();
  }

  function queries() {
    if (mode === 'text') {
      return [{ ...template, [textKey]: text.value }];
    }
    const parsed = JSON.parse(model.value);
    return Array.isArray(parsed) ? parsed : [parsed];
  }

  async function submitted(event) {
    event?.preventDefault();
    running?.abort();
    running = new AbortController();
    const mine = running;
    fill(message, h('p', { class: 'muted' }, 'waiting for the answer …'));
    element.setAttribute('aria-busy', 'true');
    try {
      const now = range.now();
      const body = { queries: queries(), from: now.from, to: now.to, format: format.value, maxDataPoints: Number(points.value) || Math.max(100, views.chart.clientWidth || 800) };
      const millis = intervalMillis(interval.value);
      if (millis !== undefined) {
        body.intervalMs = millis;
      }
      answer = { ...(await api.query(plugin, body, mine.signal)), range: now };
      show();
    } catch (error) {
      if (error.name !== 'AbortError') {
        failed(error);
      }
    } finally {
      if (running === mine) {
        element.removeAttribute('aria-busy');
      }
    }
  }

  function failed(error) {
    const facts = error instanceof ApiError && error.status ? ` (status ${error.status}${error.code ? `, ${error.code}` : ''}${error.source ? `, source ${error.source}` : ''})` : '';
    const said = error instanceof SyntaxError ? `the query model is no JSON: ${error.message}` : error.message;
    fill(message, h('p', { class: 'note bad', role: 'alert' }, `${said}${facts}`));
    result.hidden = !error.wire;
    if (error.wire) {
      answer = { wire: error.wire, response: { results: {} }, text: '' };
      drawView();
    }
  }

  function show() {
    const { frames, errors } = read(answer.response);
    const rows = frames.reduce((sum, frame) => sum + frame.length, 0);
    const summary = `${frames.length} ${frames.length === 1 ? 'frame' : 'frames'}, ${rows} ${rows === 1 ? 'row' : 'rows'} in ${answer.millis.toFixed(0)} ms`;
    const notices = frames.flatMap((frame) => frame.meta.notices ?? []);
    fill(
      message,
      errors.map(({ refId, message: said, status, source }) =>
        h('p', { class: 'note bad', role: 'alert' }, h('strong', {}, `Query ${refId} failed`), ` (status ${status}, source ${source || 'plugin'}): ${said}`)
      ),
      notices.map((notice) => h('p', { class: `note ${notice.severity === 'info' ? '' : 'warn'}` }, notice.text)),
      h('p', { class: 'muted' }, summary)
    );
    answer.frames = frames;
    result.hidden = false;
    drawView();
  }

  function choose(next) {
    view = next;
    row.select(view);
    for (const [key, panel] of Object.entries(views)) {
      panel.hidden = key !== view;
    }
    drawView();
  }

  function drawView() {
    if (!answer) {
      return;
    }
    const frames = answer.frames ?? [];
    if (view === 'chart') {
      const logs = frames.filter(isLog);
      const series = seriesOf(frames.filter((frame) => !isLog(frame)));
      if (series.length === 0 && logs.length > 0) {
        fill(views.chart, logLines(logs));
      } else if (series.length === 0) {
        fill(views.chart, h('p', { class: 'muted empty' }, 'no numbers over time in this answer; see the table'));
      } else {
        fill(views.chart, drawn.element);
        drawn.update(series, span(series));
      }
    } else if (view === 'table') {
      fill(views.table, frames.length > 0 ? frames.map(titled) : h('p', { class: 'muted empty' }, 'no frames'));
    } else if (view === 'json') {
      fill(views.json, rawJson(answer));
    } else {
      fill(views.wire, answerWire(answer, protocol));
    }
  }

  function titled(frame) {
    const about = [frame.refId, frame.name, frame.meta.type, `${frame.length} rows`].filter(Boolean).join(' · ');
    return h('section', { class: 'stack' }, h('h3', { class: 'frame-title' }, about), table(frame, { caption: about }));
  }

  return {
    element,
    open(next, at) {
      setQueries(next);
      range.set(at.from, at.to);
      submitted();
    },
    plugged(entry) {
      protocol = entry.process?.protocol;
      if (entry.state.word === 'running' && !answer && !text.value && model.value === '{}') {
        suggest().catch(() => {});
      }
    },
    stop: () => drawn.destroy(),
  };
}

function rawJson(answer) {
  const pretty = JSON.stringify(answer.response, (key, value) => (typeof value === 'bigint' ? JSON.rawJSON?.(String(value)) ?? String(value) : value), 1);
  const cut = pretty.length > MAX_JSON;
  const copy = h('button', { type: 'button', class: 'quiet small', onclick: () => navigator.clipboard?.writeText(pretty) }, 'Copy all');
  return h(
    'div',
    { class: 'stack' },
    h('div', { class: 'toolbar' }, copy, cut && h('span', { class: 'muted' }, `the first ${MAX_JSON} of ${pretty.length} characters`)),
    h('pre', { tabindex: '0', 'aria-label': 'Answer as JSON' }, cut ? pretty.slice(0, MAX_JSON) : pretty)
  );
}

/** An answer is shown as long as it is: a plugin need not keep to the range. */
function span(series) {
  const first = Math.min(...series.map((one) => one.times[0]));
  const last = Math.max(...series.map((one) => one.times.at(-1)));
  return first === last ? [first - 30, last + 30] : [first, last];
}

function intervalMillis(text) {
  const parts = /^\s*(\d+)\s*(ms|s|m|h|d)?\s*$/.exec(text);
  if (!parts) {
    return undefined;
  }
  return Number(parts[1]) * { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 }[parts[2] ?? 'ms'];
}

function without(object, keys) {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/** Matchers on a dashboard's variables are taken out: `up{instance="$instance",job="x"}` becomes `up{job="x"}`. */
function withoutVariables(text) {
  return text
    .replace(/\w+\s*[=!]~?\s*"\$(?!__)\{?\w+\}?"\s*,?\s*/g, '')
    .replace(/,\s*\}/g, '}')
    .replace(/\{\s*\}/g, '');
}
