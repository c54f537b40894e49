// One panel of a dashboard: asks its queries or follows its live ones, and draws the answer in its kind.

import { api } from './api.js';
import { chart } from './chart.js';
import { fill, h, setText } from './dom.js';
import { lastValue, read, seriesOf } from './frames.js';
import * as live from './live.js';
import { logLines } from './logs.js';
import { millis } from './range.js';
import { table, thresholdColor, transformed } from './table.js';
import { format } from './units.js';
import { fill as fillVariables } from './variables.js';

/** A panel is asked for at most this many points, whatever its width. */
const MAX_POINTS = 1500;

/**
 * A panel: `element` for the page, `refresh(context)` to ask anew, `stop()` when it goes. `context` holds `plugin`,
 * `uid`, `range` (`from`, `to` as typed, and in milliseconds), `variables` and `inspect(target)`.
 */
export function panel(model) {
  const title = h('h3', { class: 'panel-title' }, model.title || 'Panel');
  const state = h('span', { class: 'panel-state', role: 'status' });
  const open = h('button', { type: 'button', class: 'quiet small', title: 'Open this query in the query box' }, 'Query');
  const body = h('div', { class: 'panel-body' });
  const element = h(
    'section',
    { class: `panel kind-${model.type}`, 'aria-label': model.title || 'Panel' },
    h('header', { class: 'panel-head' }, title, model.timeFrom && h('span', { class: 'muted panel-range' }, `last ${model.timeFrom}`), state, open),
    model.description && h('p', { class: 'visually-hidden' }, model.description),
    body
  );
  if (model.description) {
    title.title = model.description;
  }
  const view = views[model.type] ?? views.table;
  const drawing = view(model, body);
  const targets = (model.targets ?? []).filter((target) => !target.hide);
  const followed = targets.filter((target) => target.live && !target.instant);
  const asked = targets.filter((target) => !followed.includes(target));
  let running;
  let stops = [];
  let frames = { asked: [], live: new Map() };
  let context;

  open.addEventListener('click', () => context?.inspect(targets.map((target) => fillVariables(target, context.variables))));
  if (targets.length === 0) {
    open.remove();
  }

  function draw() {
    const all = [...frames.asked, ...[...frames.live.values()].filter(Boolean)];
    drawing.draw(all, context);
  }

  async function refresh(next) {
    const moved = !context || next.key !== context.key;
    context = next;
    if (moved) {
      followAll();
    }
    if (asked.length === 0) {
      return;
    }
    running?.abort();
    running = new AbortController();
    const mine = running;
    element.setAttribute('aria-busy', 'true');
    try {
      const queries = asked.map((target) => fillVariables(target, context.variables));
      const points = Math.min(MAX_POINTS, Math.max(50, Math.round(body.clientWidth || 600)));
      const { from, to } = ownRange(model, context.range);
      const body_ = { queries, from, to, maxDataPoints: points };
      const { response } = await api.query(context.plugin, body_, mine.signal);
      const { frames: found, errors } = read(response);
      frames.asked = found;
      draw();
      announce(errors.map(({ refId, message, status, source }) => `${refId}: ${message} (status ${status}, ${source || 'plugin'})`).join('; '));
    } catch (error) {
      if (error.name !== 'AbortError') {
        announce(error.message);
      }
    } finally {
      if (running === mine) {
        element.removeAttribute('aria-busy');
      }
    }
  }

  /** Live queries are followed from the moment the panel is drawn first. */
  function followAll() {
    stop();
    frames.live.clear();
    for (const target of followed) {
      const filled = fillVariables(target, context.variables);
      const channel = live.channelOf(filled, Math.min(context.range.toMs - context.range.fromMs, 3_600_000));
      const stopOne = live.follow({ plugin: context.plugin, ...channel }, ({ frame, state: word, message }) => {
        frames.live.set(target.refId, frame && { ...frame, refId: target.refId });
        announce(word === 'running' ? '' : `${word}: ${message}`, word === 'retrying');
        if (frame) {
          draw();
        }
      });
      stops.push(stopOne);
    }
  }

  /** Says what is wrong: in the panel's head beside old data, in its middle when there are none. */
  function announce(problem, soft = false) {
    const bare = frames.asked.length === 0 && ![...frames.live.values()].some(Boolean);
    if (problem && bare) {
      fill(body, h('p', { class: `note ${soft ? 'warn' : 'bad'}` }, problem));
    }
    setText(state, problem ? (bare ? '' : problem) : followed.length > 0 ? 'live' : '');
    state.title = problem;
    state.className = `panel-state ${problem ? (soft ? 'warn' : 'bad') : followed.length > 0 ? 'live' : ''}`;
  }

  function stop() {
    running?.abort();
    stops.forEach((stopOne) => stopOne());
    stops = [];
  }

  return {
    element,
    refresh,
    stop: () => {
      stop();
      drawing.destroy?.();
    },
  };
}

/** How each kind of panel is drawn: `draw(frames, context)`. */
const views = {
  timeseries(model, body) {
    const defaults = model.fieldConfig?.defaults ?? {};
    const custom = defaults.custom ?? {};
    const drawn = chart({
      title: model.title,
      unit: defaults.unit,
      decimals: defaults.decimals,
      min: defaults.min,
      max: defaults.max,
      fill: custom.fillOpacity,
      style: custom.drawStyle,
      stack: custom.stacking?.mode === 'normal',
      sync: 'dashboard',
    });
    const empty = h('p', { class: 'muted empty' }, 'waiting for data');
    fill(body, empty);
    return {
      draw(frames, context) {
        const series = seriesOf(frames);
        if (series.length === 0) {
          setText(empty, 'no data in this time range');
          fill(body, empty);
          return;
        }
        if (!drawn.element.isConnected) {
          fill(body, drawn.element);
        }
        drawn.update(series, shownRange(model, context, series));
      },
      destroy: drawn.destroy,
    };
  },

  stat(model, body) {
    fill(body, h('p', { class: 'muted empty' }, 'waiting for data'));
    return {
      draw(frames) {
        const { unit, decimals, thresholds } = model.fieldConfig?.defaults ?? {};
        const values = numbers(frames);
        const items = values.slice(0, 12).map(({ name, value }) => {
          const number = h('span', { class: 'stat-value' }, format(value, unit, decimals));
          number.style.color = value === null ? '' : (thresholdColor(thresholds, value) ?? '');
          return h('div', { class: 'stat' }, number, values.length > 1 && h('span', { class: 'stat-name' }, name));
        });
        fill(body, items.length > 0 ? items : h('p', { class: 'muted empty' }, 'no data'));
      },
    };
  },

  table(model, body) {
    fill(body, h('p', { class: 'muted empty' }, 'waiting for data'));
    return {
      draw(frames) {
        const all = transformed(frames, model.transformations);
        const options = { overrides: model.fieldConfig?.overrides, sortBy: model.options?.sortBy, caption: model.title };
        fill(body, all.length > 0 ? all.map((frame) => table(frame, options)) : h('p', { class: 'muted empty' }, 'no data'));
      },
    };
  },

  logs(model, body) {
    fill(body, h('p', { class: 'muted empty' }, 'waiting for data'));
    return { draw: (frames) => fill(body, logLines(frames)) };
  },

  text(model, body) {
    fill(body, h('p', { class: 'text' }, model.options?.content ?? model.content ?? ''));
    return { draw: () => {} };
  },
};
views.graph = views.timeseries;
views.gauge = views.stat;
views.bargauge = views.stat;
views.singlestat = views.stat;
views['table-old'] = views.table;

/** A live chart shows what it has, at most the range of the dashboard; others the range that was asked for. */
function shownRange(model, context, series) {
  const isLive = (model.targets ?? []).some((target) => target.live);
  if (!isLive) {
    const { fromMs, toMs } = ownRange(model, context.range);
    return [fromMs / 1000, toMs / 1000];
  }
  const first = Math.min(...series.map((one) => one.times[0]));
  const last = Math.max(...series.map((one) => one.times.at(-1)));
  return [Math.max(first, last - (context.range.toMs - context.range.fromMs) / 1000), Math.max(last, first + 10)];
}

/** A panel may look further back than its dashboard (`timeFrom`, such as `30d`), always up to now. */
function ownRange(model, range) {
  if (!/^\d+[smhdwMy]$/.test(model.timeFrom ?? '')) {
    return range;
  }
  const from = `now-${model.timeFrom}`;
  const toMs = Date.now();
  return { from, to: 'now', fromMs: millis(from, toMs), toMs };
}

/** The last number of each numeric field. */
function numbers(frames) {
  return frames.flatMap((frame) =>
    frame.fields
      .filter((field) => field.type === 'number')
      .map((field) => ({
        name: field.config.displayNameFromDS || Object.values(field.labels ?? {}).join(' ') || field.name || frame.name,
        value: asNumber(lastValue(field.values)),
      }))
  );
}

const asNumber = (value) => (typeof value === 'bigint' ? Number(value) : value);
