/**
 * Rows → the choices of a dashboard variable.
 *
 * Two columns named `__text` and `__value` are name and value; otherwise every value of the rows is a choice, as in
 * Grafana's SQL data sources.
 */
import type { DataFrame, Field, MetricFindValue } from '@grafana/data';

export function choices(frames: DataFrame[]): MetricFindValue[] {
  const found = new Map<string, MetricFindValue>();
  for (const frame of frames) {
    const texts = column(frame, '__text');
    const values = column(frame, '__value');
    if (texts && values) {
      texts.forEach((text, row) => add(found, text, values[row]));
    } else {
      frame.fields.forEach((field) => list(field).forEach((value) => add(found, value, value)));
    }
  }
  return [...found.values()];
}

function column(frame: DataFrame, name: string): unknown[] | undefined {
  const field = frame.fields.find((one) => one.name === name);
  return field && list(field);
}

/** A vector with `toArray` up to Grafana 9, an array since. */
function list(field: Field): unknown[] {
  const values = field.values as unknown[] | { toArray(): Iterable<unknown> };
  return Array.isArray(values) ? values : [...values.toArray()];
}

function add(found: Map<string, MetricFindValue>, text: unknown, value: unknown): void {
  if (text === null || text === undefined) {
    return;
  }
  const name = String(text);
  if (!found.has(name)) {
    found.set(name, { text: name, value: typeof value === 'number' ? value : String(value ?? text) });
  }
}
