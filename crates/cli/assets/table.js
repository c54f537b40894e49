// Frames as tables: as they are, or as a panel's transformations want them.

import { h } from './dom.js';
import { columnName } from './frames.js';
import { format, moment } from './units.js';

/** Rows beyond this are counted, not shown: a page is no spreadsheet. */
const MAX_ROWS = 500;

/** A table of one frame. Options: `overrides` by column name, `sortBy`, `caption`. */
export function table(frame, options = {}) {
  const columns = frame.fields.map((field) => column(frame, field, options.overrides));
  const rows = order(frame.length, columns, options.sortBy).slice(0, MAX_ROWS);
  const head = h('tr', {}, columns.map((one) => h('th', { scope: 'col', class: one.numeric && 'number' }, one.name)));
  const body = rows.map((row) => h('tr', {}, columns.map((one) => cell(one, row))));
  const left = frame.length - rows.length;
  return h(
    'div',
    { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': options.caption ?? 'Table' },
    h('table', { class: 'data' }, h('thead', {}, head), h('tbody', {}, body)),
    left > 0 && h('p', { class: 'muted' }, `… and ${left} rows more`),
    frame.length === 0 && h('p', { class: 'muted empty' }, frame.fields.length ? 'no rows' : 'no columns')
  );
}

function column(frame, field, overrides = []) {
  const name = field.shown ?? columnName(frame, field);
  const config = { ...field.config };
  for (const override of overrides) {
    if (override.matcher?.id === 'byName' && override.matcher.options === name) {
      for (const { id, value } of override.properties ?? []) {
        config[id] = value;
      }
    }
  }
  return { name, field, config, numeric: field.type === 'number' };
}

function cell(column, row) {
  const value = column.field.values[row];
  if (value === null || value === undefined) {
    return h('td', { class: 'muted' }, 'null');
  }
  if (column.numeric) {
    return numberCell(column, value);
  }
  if (column.field.type === 'time') {
    const nanos = column.field.nanos?.[row];
    return h('td', { class: 'time' }, moment(value) + (nanos ? ` +${nanos} ns` : ''));
  }
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return h('td', {}, mapped(column, value) ?? text);
}

function numberCell(column, value) {
  const { unit, decimals } = column.config;
  const text = mapped(column, value) ?? (unit ? format(value, unit, decimals) : plain(value, decimals));
  const gauge = /gauge/.test(column.config['custom.displayMode'] ?? column.config['custom.cellOptions']?.type ?? '');
  if (!gauge || typeof value !== 'number') {
    return h('td', { class: 'number' }, text);
  }
  const { min = 0, max = 1 } = column.config;
  const bar = h('span', { class: 'bar' });
  bar.style.width = `${Math.max(0, Math.min(1, (value - min) / (max - min || 1))) * 100}%`;
  bar.style.background = thresholdColor(column.config.thresholds, value) ?? '';
  return h('td', { class: 'number gauge' }, h('span', { class: 'bar-room' }, bar), h('span', {}, text));
}

/** A number with all its digits. */
function plain(value, decimals) {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return format(value);
  }
  return typeof value === 'number' && typeof decimals === 'number' ? value.toFixed(decimals) : String(value);
}

/** The text of a value mapping, or of an enum. */
function mapped(column, value) {
  const texts = column.config.type?.enum?.text;
  if (column.field.type === 'enum' && texts?.[value] !== undefined) {
    return texts[value];
  }
  for (const { type, options } of column.config.mappings ?? []) {
    const found = type === 'value' ? options[value]?.text : type === 'range' && within(value, options) ? options.result?.text : undefined;
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

const within = (value, { from, to }) => value >= (from ?? -Infinity) && value <= (to ?? Infinity);

/** The colour of the step that a value has reached. */
export function thresholdColor(thresholds, value) {
  const steps = thresholds?.mode === 'percentage' ? [] : (thresholds?.steps ?? []);
  const reached = steps.filter((step) => value >= (step.value ?? -Infinity)).at(-1);
  return reached && `var(--named-${reached.color}, ${/^#[0-9a-f]{3,8}$/i.test(reached.color) ? reached.color : 'var(--accent)'})`;
}

function order(length, columns, sortBy = []) {
  const rows = Array.from({ length }, (_, row) => row);
  const by = columns.find((one) => one.name === sortBy[0]?.displayName);
  if (by) {
    const sign = sortBy[0].desc ? -1 : 1;
    const values = by.field.values;
    rows.sort((left, right) => sign * compare(values[left], values[right]));
  }
  return rows;
}

function compare(left, right) {
  if (left === right) {
    return 0;
  }
  if (left === null || left === undefined) {
    return -1;
  }
  return right === null || right === undefined || left > right ? 1 : -1;
}

/** Frames with the same columns put together, then changed by a panel's transformations: only `organize` is known. */
export function transformed(frames, transformations = []) {
  let all = merged(frames);
  for (const { id, options = {} } of transformations) {
    if (id === 'organize') {
      all = all.map((frame) => organized(frame, options));
    }
  }
  return all;
}

function merged(frames) {
  const names = (frame) => frame.fields.map((field) => field.name).join('\n');
  const all = [];
  for (const frame of frames) {
    const same = all.find((other) => other.refId === frame.refId && names(other) === names(frame) && frame.fields.length > 0);
    if (same) {
      same.fields.forEach((field, index) => {
        field.values = field.values.concat(frame.fields[index].values);
      });
      same.length += frame.length;
    } else {
      all.push({ ...frame, fields: frame.fields.map((field) => ({ ...field })) });
    }
  }
  return all;
}

function organized(frame, { excludeByName = {}, indexByName = {}, renameByName = {} }) {
  const at = (field) => indexByName[field.name] ?? Number.MAX_SAFE_INTEGER;
  const fields = frame.fields
    .filter((field) => !excludeByName[field.name])
    .map((field) => ({ ...field, shown: renameByName[field.name] || undefined }));
  return { ...frame, fields: fields.sort((left, right) => at(left) - at(right)) };
}
