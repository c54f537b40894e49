// The page as a whole: the list of plugins, the tabs of the chosen one, the theme, and the one event connection over
// which everything live arrives.

import { dashboards } from './dashboard.js';
import { detailsView } from './details.js';
import { debounce, fill, h, setText, tabs } from './dom.js';
import * as live from './live.js';
import { logView } from './logs.js';
import { queryBox } from './query.js';
import { bytes, format } from './units.js';
import { wireView } from './wire.js';

const TABS = [['dashboard', 'Dashboard'], ['query', 'Query'], ['logs', 'Logs'], ['plugin', 'Plugin'], ['wire', 'Wire']];
const main = document.getElementById('main');
const list = document.getElementById('plugins');
const connection = document.getElementById('connection');

/** Plugins by id: what the server last said, and the page of each that was opened. */
const entries = new Map();
const pages = new Map();

/* ---- the page of one plugin ---- */

function pageOf(id) {
  if (pages.has(id)) {
    return pages.get(id);
  }
  const views = {
    dashboard: dashboards(id, inspect),
    query: queryBox(id),
    logs: logView(id),
    plugin: detailsView(id),
    wire: wireView(id),
  };
  const slug = id.replace(/\W/g, '-');
  const panels = Object.fromEntries(
    TABS.map(([key, title]) => [key, h('div', { role: 'tabpanel', id: `panel-${slug}-${key}`, 'aria-label': title, class: 'tabpanel' }, views[key].element)])
  );
  const row = tabs('Views', TABS.map(([key, title]) => ({ key, title, controls: panels[key].id })), (key) => go(id, key));
  const head = summary();
  const element = h('div', { class: 'page' }, head.element, row, ...Object.values(panels));
  const page = {
    element,
    views,
    choose(key) {
      row.select(key);
      for (const [name, panel] of Object.entries(panels)) {
        panel.hidden = name !== key;
      }
      if (key === 'dashboard') {
        views.dashboard.refresh();
      } else {
        views[key].shown?.();
      }
    },
    update(entry) {
      head.update(entry);
      views.plugin.update(entry);
      views.query.plugged(entry);
      views.dashboard.plugged(entry.state);
    },
  };
  pages.set(id, page);
  return page;
}

/** Name, state and key figures of a plugin. */
function summary() {
  const title = h('h1', {});
  const state = h('span', { class: 'badge' });
  const health = h('span', { class: 'badge' });
  const why = h('p', { class: 'note bad', role: 'alert', hidden: true });
  const figures = h('dl', { class: 'figures' });
  const element = h('header', { class: 'summary' }, h('div', { class: 'summary-head' }, title, state, health), figures, why);

  function update(entry) {
    setText(title, entry.name || entry.id);
    badge(state, entry.state.word, kindOf(entry.state.word));
    health.hidden = !entry.health;
    if (entry.health) {
      badge(health, `health ${entry.health.status}`, entry.health.status === 'OK' ? 'ok' : 'bad');
      health.title = entry.health.message;
    }
    const troubled = ['failed', 'silent', 'restarting'].includes(entry.state.word);
    why.hidden = !troubled && entry.health?.status !== 'ERROR';
    setText(why, why.hidden ? '' : troubled ? entry.state.detail : entry.health.message);
    const { process } = entry;
    const shown = process
      ? [['memory', bytes(process.resident)], ['threads', process.threads ?? '–'], ['start', format(process.startMillis / 1000, 's')], ['protocol', process.protocol], ['restarts', entry.state.restarts ?? 0]]
      : [];
    fill(figures, shown.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, String(value)))));
  }

  return { element, update };
}

function badge(element, text, kind) {
  setText(element, text);
  element.className = `badge ${kind}`;
}

const kindOf = (word) => ({ running: 'ok', starting: 'warn', restarting: 'warn', silent: 'warn', failed: 'bad', waiting: '', stopped: '' })[word] ?? '';

/** Opens queries of a panel in the query box. */
function inspect(id, queries, range) {
  go(id, 'query');
  pageOf(id).views.query.open(queries, range);
}

/* ---- which plugin and tab: the part of the address after # ---- */

function go(id, tab) {
  location.hash = `#/${encodeURIComponent(id)}/${tab}`;
}

function place() {
  const [id, tab] = location.hash.replace(/^#\//, '').split('/').map(decodeURIComponent);
  const known = entries.has(id) ? id : best();
  return { id: known, tab: TABS.some(([key]) => key === tab) ? tab : 'dashboard' };
}

/** The plugin to begin with: one that runs, rather than the first. */
function best() {
  const all = [...entries.values()];
  return (all.find((entry) => entry.state.word === 'running') ?? all[0])?.id;
}

function show() {
  const { id, tab } = place();
  if (!id) {
    return;
  }
  const page = pageOf(id);
  if (!page.element.isConnected) {
    fill(main, page.element);
    // The page before goes on in memory, but what it followed is let go.
    for (const [other, one] of pages) {
      if (other !== id) {
        one.views.dashboard.stop();
      }
    }
    page.views.dashboard.resume();
  }
  page.update(entries.get(id));
  page.choose(tab);
  document.title = `${entries.get(id).name || id} – Graftwire workbench`;
  drawList();
}

function drawList() {
  const { id, tab } = place();
  fill(
    list,
    [...entries.values()].map((entry) =>
      h(
        'li',
        {},
        h(
          'a',
          { href: `#/${encodeURIComponent(entry.id)}/${tab}`, 'aria-current': entry.id === id && 'page' },
          h('span', { class: 'plugin-name' }, entry.name || entry.id),
          h('span', { class: `badge ${kindOf(entry.state.word)}` }, entry.state.word),
          h('span', { class: 'plugin-id' }, entry.name && entry.name !== entry.id ? entry.id : ''),
          h('span', { class: 'plugin-figure' }, entry.process?.resident ? bytes(entry.process.resident) : '')
        )
      )
    )
  );
}

/* ---- events ---- */

let source;
let streams = [];

function connect() {
  source?.close();
  streams = live.numbered();
  const address = live.address();
  source = new EventSource(`/api/events${address ? `?${address}` : ''}`);
  source.addEventListener('open', () => connected(true));
  source.addEventListener('error', () => connected(false));
  const on = (name, take) => source.addEventListener(name, (event) => take(JSON.parse(event.data)));
  // Each connection begins anew: with the last log lines, and with the history of each stream.
  on('hello', () => {
    logged.forEach((view) => view.reset());
    streams.forEach(live.forget);
  });
  on('plugins', ({ plugins }) => {
    const first = entries.size === 0;
    entries.clear();
    plugins.forEach((entry) => entries.set(entry.id, entry));
    if (first) {
      show();
    } else {
      update();
    }
  });
  on('plugin', (entry) => {
    entries.set(entry.id, entry);
    update();
  });
  on('log', (record) => logOf(record.plugin).add(record));
  on('missed', ({ plugin, lines }) => {
    if (plugin) {
      logOf(plugin).add({ time: Date.now(), level: 'warn', channel: 'workbench', message: `${lines} lines were skipped: this page was too slow for them`, pairs: {} });
    }
  });
  on('call', (call) => pages.get(call.plugin)?.views.wire.add(call));
  on('packet', ({ stream, packet }) => streams[stream] && live.take(streams[stream], packet));
  on('stream', ({ stream, ...state }) => streams[stream] && live.tell(streams[stream], state));
}

/** Log lines are kept for plugins whose page was never opened, too. */
const logged = new Map();

function logOf(id) {
  if (!logged.has(id)) {
    logged.set(id, pageOf(id).views.logs);
  }
  return logged.get(id);
}

function update() {
  drawList();
  const { id } = place();
  const entry = entries.get(id);
  if (entry) {
    pages.get(id)?.update(entry);
  }
}

function connected(yes) {
  setText(connection, yes ? 'live' : 'reconnecting …');
  connection.className = `connection ${yes ? 'ok' : 'warn'}`;
}

const reconnect = debounce(connect, 150);
live.onChange(reconnect);

/* ---- theme ---- */

const themeButton = document.getElementById('theme');
const system = matchMedia('(prefers-color-scheme: dark)');
const root = document.documentElement;
const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : system.matches);

function paintTheme() {
  const next = isDark() ? 'light' : 'dark';
  fill(themeButton, next === 'dark' ? 'Dark' : 'Light', h('span', { class: 'wide-only' }, ' theme'));
  themeButton.setAttribute('aria-label', `Switch to the ${next} theme`);
  document.dispatchEvent(new Event('themechange'));
}

themeButton.addEventListener('click', () => {
  root.dataset.theme = isDark() ? 'light' : 'dark';
  try {
    localStorage.setItem('graftwire-theme', root.dataset.theme);
  } catch {
    // Then the choice lasts as long as the page.
  }
  paintTheme();
});
system.addEventListener('change', paintTheme);

/* ---- begin ---- */

addEventListener('hashchange', show);
document.addEventListener('visibilitychange', () => {
  // A page that nobody sees needs no connection; coming back brings everything up to date.
  if (document.hidden) {
    source?.close();
  } else {
    connect();
    pages.get(place().id)?.views.dashboard.refresh();
  }
});
paintTheme();
connect();
