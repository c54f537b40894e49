// Lines over time, drawn by uPlot; legend, stacking and colours of the theme are ours.

import { h, setText, token } from './dom.js';
import { lastValue } from './frames.js';
import { format } from './units.js';

const { uPlot } = window;
/** Beyond these a chart is unreadable and slow; what is left out is said. */
const MAX_SERIES = 60;
/** Units whose axis has its marks at multiples of 1024. */
const BINARY_UNITS = new Set(['bytes', 'binBps', 'kbytes', 'mbytes', 'gbytes']);
const BINARY_STEPS = Array.from({ length: 54 }, (_, power) => 2 ** power);
const FONT = '11px system-ui, sans-serif';

/** The colour of the n-th series, for the current theme. */
export const color = (index) => token(`--series-${(index % 10) + 1}`);

/**
 * A chart that fills its element's width: `update(series, range)` draws, `destroy()` lets go. Options: `unit`,
 * `decimals`, `min`, `max`, `stack`, `fill` (0–100), `style` (`line`, `bars`, `points`), `title` (for those who can't see
 * it), `sync` (charts of one name share the cursor).
 */
export function chart(options = {}) {
  const canvas = h('div', { class: 'chart-canvas' });
  const legend = h('ul', { class: 'legend', 'aria-label': 'Series' });
  const element = h('div', { class: 'chart' }, canvas, legend);
  let plot;
  let shown = [];
  let shape = '';
  let hidden = new Set();

  const resize = new ResizeObserver(() => plot?.setSize(size(canvas)));
  resize.observe(canvas);
  const repaint = () => {
    plot?.redraw(false, true);
    paintLegend();
  };
  document.addEventListener('themechange', repaint);

  function update(series, range) {
    shown = series.slice(0, MAX_SERIES);
    const data = aligned(shown, options, hidden);
    const wanted = JSON.stringify([shown.map((one) => one.name), [...hidden]]);
    if (plot && wanted === shape) {
      plot.range = range;
      plot.setData(data);
    } else {
      plot?.destroy();
      shape = wanted;
      plot = new uPlot({ ...settings(options, shown, hidden, updateLegend), ...size(canvas) }, null, canvas);
      plot.range = range;
      plot.setData(data);
      paintLegend(series.length - shown.length);
    }
    updateLegend();
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', describe(options.title, shown, options));
  }

  function paintLegend(left = 0) {
    const items = shown.map((one, index) => {
      const value = h('span', { class: 'legend-value' });
      const swatch = h('span', { class: 'swatch' });
      swatch.style.background = color(index);
      const button = h(
        'button',
        { type: 'button', class: 'legend-item', 'aria-pressed': String(!hidden.has(one.name)), title: one.name, onclick: () => toggle(one.name) },
        swatch,
        h('span', { class: 'legend-name' }, one.name),
        value
      );
      return h('li', {}, button);
    });
    if (left > 0) {
      items.push(h('li', { class: 'muted' }, `and ${left} series more`));
    }
    legend.replaceChildren(...items);
    updateLegend();
  }

  function toggle(name) {
    hidden = new Set(hidden);
    if (!hidden.delete(name)) {
      hidden.add(name);
    }
    const again = [...legend.querySelectorAll('button')].findIndex((button) => button === document.activeElement);
    update(shown, plot?.range);
    legend.querySelectorAll('button')[again]?.focus();
  }

  /** The values under the cursor, else the last ones. */
  function updateLegend() {
    const at = plot?.cursor.idx ?? null;
    const time = at === null ? undefined : plot.data[0][at];
    legend.querySelectorAll('.legend-value').forEach((element, index) => {
      const one = shown[index];
      const value = time === undefined ? lastValue(one.values) : one.values[one.times.indexOf(time)];
      setText(element, format(value, one.config?.unit || options.unit, options.decimals));
    });
  }

  function destroy() {
    plot?.destroy();
    plot = undefined;
    resize.disconnect();
    document.removeEventListener('themechange', repaint);
  }

  return { element, update, destroy };
}

function size(element) {
  return { width: Math.max(120, element.clientWidth), height: Math.max(60, element.clientHeight) };
}

/**
 * The table that uPlot draws: common times, then each series; stacked ones added up from below. Bars are drawn over each
 * other in order, so that the first one has to be the tallest.
 */
function aligned(series, { stack, style }, hidden) {
  if (series.length === 0) {
    return [[]];
  }
  const data = uPlot.join(series.map((one) => [one.times, one.values]));
  if (!stack) {
    return data;
  }
  const sum = new Array(data[0].length).fill(0);
  const order = data.map((_, index) => index).slice(1).filter((index) => !hidden.has(series[index - 1].name));
  for (const index of style === 'bars' ? order.reverse() : order) {
    data[index] = data[index].map((value, row) => {
      sum[row] += value ?? 0;
      return value === null || value === undefined ? value : sum[row];
    });
  }
  return data;
}

function settings(options, series, hidden, onCursor) {
  const bars = options.style === 'bars';
  const filled = bars || options.stack || (options.fill && series.length <= 8);
  const opacity = (options.fill || 60) / 100;
  const lines = series.map((one, index) => ({
    label: one.name,
    show: !hidden.has(one.name),
    stroke: () => color(index),
    fill: filled ? () => (bars ? overSurface(color(index), opacity) : translucent(color(index), opacity)) : undefined,
    width: bars ? 0 : 1.5,
    paths: bars ? uPlot.paths.bars({ size: [0.8, 40] }) : options.style === 'points' ? () => null : undefined,
    points: { show: bars ? false : options.style === 'points' || one.values.length === 1 ? true : undefined, size: 5 },
    spanGaps: false,
  }));
  return {
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, sync: options.sync ? { key: options.sync } : undefined, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: (plot, low, high) => plot.range ?? [low, high] },
      y: { range: (plot, low, high) => bounds(low, high, options) },
    },
    axes: [axis(0, { size: 32, space: 64, values: timeLabels }), axis(1, { values: (plot, ticks) => ticks.map((tick) => format(tick, options.unit, undefined)), size: labelWidth, incrs: BINARY_UNITS.has(options.unit) ? BINARY_STEPS : undefined })],
    series: [{}, ...lines],
    bands: options.stack && !bars ? bandsOf(series, hidden) : undefined,
    hooks: { setCursor: [onCursor] },
  };
}

/** Each stacked series is filled down to the visible one below it. */
function bandsOf(series, hidden) {
  const visible = series.map((one, index) => [one, index + 1]).filter(([one]) => !hidden.has(one.name));
  return visible.slice(1).map(([, upper], index) => ({ series: [upper, visible[index][1]] }));
}

function axis(side, more) {
  return {
    side: side === 0 ? 2 : 3,
    font: FONT,
    stroke: () => token('--muted'),
    grid: { stroke: () => token('--grid'), width: 1 },
    ticks: { show: false },
    gap: 6,
    ...more,
  };
}

/** Clock times, with the date where a day begins and at the left end. */
function timeLabels(plot, ticks, index, space, step) {
  const two = (part) => String(part).padStart(2, '0');
  let day;
  return ticks.map((tick) => {
    const date = new Date(tick * 1000);
    const before = day;
    day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    if (step >= 86400) {
      return day;
    }
    const seconds = step < 60 ? `:${two(date.getSeconds())}` : '';
    const time = `${two(date.getHours())}:${two(date.getMinutes())}${seconds}`;
    return before !== undefined && before !== day ? day.slice(5) : time;
  });
}

function labelWidth(plot, labels) {
  const widest = (labels ?? []).reduce((widest, label) => (label.length > widest.length ? label : widest), '');
  plot.ctx.font = FONT.replace('11px', `${11 * devicePixelRatio}px`);
  return Math.ceil(plot.ctx.measureText(widest).width / devicePixelRatio) + 14;
}

/** The value axis: what the panel says, else the data with some air. */
function bounds(low, high, { min, max }) {
  if (low === null || high === null) {
    return [min ?? 0, max ?? 1];
  }
  const flat = high === low;
  const air = flat ? Math.abs(high) * 0.1 || 1 : (high - low) * 0.08;
  const from = min ?? (low >= 0 && low - air < 0 ? 0 : low - air);
  const to = max === undefined || max === null ? high + air : Math.max(max, high);
  return [Math.min(from, low), to];
}

/** The same without letting anything shine through: bars stand before each other. */
function overSurface(rgb, opacity) {
  const parts = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const ground = parts(token('--surface'));
  const mixed = parts(rgb).slice(0, 3).map((part, index) => Math.round(part * opacity + (ground[index] ?? 255) * (1 - opacity)));
  return `rgb(${mixed.join(', ')})`;
}

function translucent(rgb, opacity) {
  return rgb.replace(/^rgb\((.*)\)$/, `rgba($1, ${opacity})`);
}

function describe(title, series, options) {
  const names = series.slice(0, 8).map((one) => `${one.name}: ${format(lastValue(one.values), one.config?.unit || options.unit, options.decimals)}`);
  const more = series.length > 8 ? ` and ${series.length - 8} more` : '';
  return `${title ?? 'Chart'}, ${series.length} series. Last values: ${names.join('; ')}${more}`;
}
