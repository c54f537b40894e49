/**
 * The lines around a row: the same stream before and after it.
 *
 * The row's own labels of its stream make the selector, nanoseconds make the border, so that no line is shown twice or
 * lost even where many have the same millisecond.
 */
import type { DataFrame } from '@grafana/data';

import { quoted } from './filters';
import type { LogsQuery } from './query';

/** How far around a row is looked: two hours. */
const AROUND_MS = 7_200_000;

/** What of Grafana's row is used. */
export interface LogRow {
  timeEpochMs: number;
  timeEpochNs?: string;
  labels: Record<string, string>;
  dataFrame?: DataFrame;
  rowIndex?: number;
}

export interface ContextOptions {
  direction?: string;
  limit?: number;
}

export interface ContextQuery {
  query: LogsQuery;
  from: number;
  to: number;
}

export function contextQuery(row: LogRow, options: ContextOptions = {}): ContextQuery {
  const forward = String(options.direction ?? 'BACKWARD').toUpperCase() === 'FORWARD';
  const at = row.timeEpochNs ?? `${row.timeEpochMs}000000`;
  const query: LogsQuery = {
    refId: 'context',
    expr: selectorOf(row),
    queryType: 'range',
    direction: forward ? 'forward' : 'backward',
    maxLines: options.limit ?? 10,
  };
  if (forward) {
    query.fromNs = plusOne(at);
  } else {
    query.toNs = at;
  }
  return { query, from: row.timeEpochMs - (forward ? 1 : AROUND_MS), to: row.timeEpochMs + (forward ? AROUND_MS : 1) };
}

/** The selector of a row's stream: labels that a stage extracted are none of it. */
export function selectorOf(row: LogRow): string {
  const types = typesOf(row);
  const names = Object.keys(row.labels).filter((name) => (types[name] ?? 'I') === 'I' && !name.startsWith('__error'));
  return `{${names.map((name) => `${name}=${quoted(row.labels[name] ?? '')}`).join(', ')}}`;
}

function typesOf(row: LogRow): Record<string, string> {
  const field = row.dataFrame?.fields.find((one) => one.name === 'labelTypes');
  if (!field || row.rowIndex === undefined) {
    return {};
  }
  const values = field.values as unknown[] | { get(index: number): unknown };
  const value = Array.isArray(values) ? values[row.rowIndex] : values.get(row.rowIndex);
  return value && typeof value === 'object' ? (value as Record<string, string>) : {};
}

/** One more, on a number too large for JavaScript. */
export function plusOne(digits: string): string {
  let text = '';
  let carry = 1;
  for (let at = digits.length - 1; at >= 0; at--) {
    const digit = Number(digits.charAt(at)) + carry;
    carry = digit > 9 ? 1 : 0;
    text = String(digit % 10) + text;
  }
  return carry ? `1${text}` : text;
}
