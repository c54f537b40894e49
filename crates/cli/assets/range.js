// The choice of a time range: common ones in a list, any other as text.

import { fill, h } from './dom.js';

const COMMON = [['now-5m', 'last 5 minutes'], ['now-15m', 'last 15 minutes'], ['now-1h', 'last hour'], ['now-6h', 'last 6 hours'], ['now-24h', 'last 24 hours'], ['now-7d', 'last 7 days'], ['now/d', 'today']];
const UNITS = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 604800e3, M: 2629800e3, y: 31557600e3 };

/** A range picker: `element`, `set(from, to)`, and `now()` → `{from, to, fromMs, toMs}`. */
export function rangePicker({ id, from, to }, changed) {
  const choice = h('select', { id, onchange: chosen });
  const start = h('input', { id: `${id}-from`, size: 14, spellcheck: 'false', onchange: typed });
  const end = h('input', { id: `${id}-to`, size: 14, spellcheck: 'false', onchange: typed });
  const own = h(
    'div',
    { class: 'fields' },
    h('div', { class: 'field' }, h('label', { for: start.id }, 'From'), start),
    h('div', { class: 'field' }, h('label', { for: end.id }, 'To'), end)
  );
  const element = h('div', { class: 'fields' }, h('div', { class: 'field' }, h('label', { for: id }, 'Time range'), choice), own);

  function set(nextFrom, nextTo) {
    start.value = nextFrom;
    end.value = nextTo;
    const known = COMMON.some(([value]) => value === nextFrom) && nextTo === 'now';
    fill(choice, COMMON.map(([value, text]) => h('option', { value }, text)), h('option', { value: '' }, 'other …'));
    choice.value = known ? nextFrom : '';
    own.hidden = known;
  }

  function chosen() {
    if (choice.value === '') {
      own.hidden = false;
      start.focus();
      return;
    }
    set(choice.value, 'now');
    changed();
  }

  function typed() {
    changed();
  }

  function now() {
    const at = Date.now();
    const range = { from: start.value || 'now-1h', to: end.value || 'now' };
    return { ...range, fromMs: millis(range.from, at), toMs: millis(range.to, at) };
  }

  set(from, to);
  return { element, set, now };
}

/** About where a text points to, for the axis of a chart; the server reads it exactly. */
export function millis(text, now) {
  if (/^-?\d+$/.test(text)) {
    return Number(text);
  }
  if (!text.startsWith('now')) {
    const parsed = Date.parse(text);
    return Number.isNaN(parsed) ? now : parsed;
  }
  let at = now;
  for (const [, operator, amount, unit] of text.matchAll(/([+\-/])(\d*)([smhdwMy])/g)) {
    if (operator === '/') {
      const day = new Date(at);
      at = unit === 'd' ? Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate()) : at - (at % UNITS[unit]);
    } else {
      at += (operator === '+' ? 1 : -1) * Number(amount || 1) * UNITS[unit];
    }
  }
  return at;
}
