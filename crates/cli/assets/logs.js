// Log lines: those of the plugins' processes as they come, and those that queries answer with.

import { fill, h } from './dom.js';
import { clock, moment } from './units.js';

/** Lines that are kept per plugin. */
const KEPT = 1000;
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

/** The log tab of one plugin: `add(record)`, `reset()`. */
export function logView(plugin) {
  let records = [];
  const list = h('ol', { class: 'log', role: 'log', 'aria-live': 'off', 'aria-label': `Log of ${plugin}`, tabindex: '0' });
  const level = h('select', { id: `level-${plugin}`, onchange: draw }, LEVELS.map((word) => h('option', { value: word, selected: word === 'debug' }, word)));
  const text = h('input', { id: `grep-${plugin}`, type: 'search', placeholder: 'part of a line', oninput: draw });
  const follow = h('input', { id: `tail-${plugin}`, type: 'checkbox', checked: true });
  const count = h('p', { class: 'muted', role: 'status' });
  const element = h(
    'div',
    { class: 'logs' },
    h(
      'div',
      { class: 'toolbar' },
      h('div', { class: 'field' }, h('label', { for: level.id }, 'From level'), level),
      h('div', { class: 'field' }, h('label', { for: text.id }, 'Contains'), text),
      h('div', { class: 'field check' }, follow, h('label', { for: follow.id }, 'Follow')),
      count
    ),
    list
  );

  function matches(record) {
    const wanted = text.value.toLowerCase();
    return LEVELS.indexOf(record.level) >= LEVELS.indexOf(level.value) && (wanted === '' || lineText(record).toLowerCase().includes(wanted));
  }

  function add(record) {
    records.push(record);
    const gone = records.length > KEPT ? records.shift() : undefined;
    if (gone && matches(gone)) {
      list.firstElementChild?.remove();
    }
    if (matches(record)) {
      list.append(line(record));
      tail();
    }
    status();
  }

  function draw() {
    fill(list, records.filter(matches).map(line));
    tail();
    status();
  }

  function tail() {
    if (follow.checked) {
      list.scrollTop = list.scrollHeight;
    }
  }

  function status() {
    count.textContent = `${list.childElementCount} of ${records.length} lines`;
  }

  function reset() {
    records = [];
    draw();
  }

  return { element, add, reset, shown: tail };
}

function line(record) {
  const pairs = Object.entries(record.pairs ?? {}).map(([key, value]) => h('span', { class: 'pair' }, h('span', { class: 'muted' }, `${key}=`), value));
  return h(
    'li',
    { class: `log-line level-${record.level}` },
    h('time', { datetime: new Date(record.time).toISOString(), title: moment(record.time) }, clock(record.time)),
    h('span', { class: 'level' }, record.level),
    h('span', { class: 'message' }, record.channel === 'stderr' ? '' : h('span', { class: 'muted' }, `(${record.channel}) `), record.message, ...pairs),
    record.crashesGrafana && h('strong', { class: 'bad' }, ' this line would crash Grafana')
  );
}

const lineText = (record) => `${record.message} ${Object.entries(record.pairs ?? {}).map((pair) => pair.join('=')).join(' ')}`;

/** Whether a frame holds log lines: its kind says so, or what it wants to be shown as. */
export const isLog = ({ meta }) => meta?.type === 'log-lines' || meta?.preferredVisualisationType === 'logs';

/** Log frames (a time and a body per row) as lines, newest first. */
export function logLines(frames) {
  const rows = frames.flatMap((frame) => {
    const find = (name, type) => frame.fields.find((field) => field.name === name) ?? frame.fields.find((field) => field.type === type);
    const time = find('timestamp', 'time');
    const body = find('body', 'string');
    const level = frame.fields.find((field) => ['severity', 'level'].includes(field.name));
    if (!time || !body) {
      return [];
    }
    return body.values.map((message, row) => ({ time: Number(time.values[row]), message: String(message ?? ''), level: severity(level?.values[row]), channel: 'stderr' }));
  });
  rows.sort((left, right) => right.time - left.time);
  return rows.length > 0
    ? h('ol', { class: 'log', tabindex: '0', 'aria-label': 'Log lines' }, rows.slice(0, KEPT).map(line))
    : h('p', { class: 'muted empty' }, 'no lines');
}

function severity(text) {
  const word = String(text ?? '').toLowerCase();
  return /crit|fatal|err|emerg|alert/.test(word) ? 'error' : word.startsWith('warn') ? 'warn' : LEVELS.includes(word) ? word : 'info';
}
