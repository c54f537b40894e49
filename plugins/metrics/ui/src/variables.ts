/**
 * Queries of dashboard variables: the classic texts `label_names()`, `label_values(metric, label)`, `metrics(re)`,
 * `query_result(expr)`, and a bare selector for the series it matches.
 *
 * This file only reads the text and asks; the answers come from the plugin's resources and queries.
 */
import type { DataFrame, Field, MetricFindValue, TimeRange } from '@grafana/data';

export type VariableQuery =
  | { kind: 'labelNames'; selector?: string }
  | { kind: 'labelValues'; label: string; selector?: string }
  | { kind: 'metrics'; pattern: string }
  | { kind: 'result'; expr: string }
  | { kind: 'series'; selector: string };

/** What the answers are asked from. */
export interface Source {
  resource(path: string, params: Record<string, unknown>): Promise<unknown>;
  instant(expr: string, range?: TimeRange): Promise<DataFrame[]>;
}

const CALL = /^(label_names|label_values|metrics|query_result)\s*\(([\s\S]*)\)$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function parseVariableQuery(text: string): VariableQuery {
  const call = CALL.exec(text.trim());
  if (!call) {
    return { kind: 'series', selector: text.trim() };
  }
  const argument = (call[2] ?? '').trim();
  switch (call[1]) {
    case 'label_names':
      return argument ? { kind: 'labelNames', selector: argument } : { kind: 'labelNames' };
    case 'label_values':
      return labelValues(argument);
    case 'metrics':
      return { kind: 'metrics', pattern: argument };
    default:
      return { kind: 'result', expr: argument };
  }
}

/** The label is what follows the last comma; commas before it belong to the selector. */
function labelValues(argument: string): VariableQuery {
  const comma = argument.lastIndexOf(',');
  const label = argument.slice(comma + 1).trim();
  const selector = argument.slice(0, Math.max(comma, 0)).trim();
  if (!LABEL.test(label)) {
    throw new Error(`label_values: found "${label}", expected a label name as the last argument`);
  }
  return selector ? { kind: 'labelValues', label, selector } : { kind: 'labelValues', label };
}

export async function findValues(query: VariableQuery, source: Source, range?: TimeRange): Promise<MetricFindValue[]> {
  switch (query.kind) {
    case 'labelNames':
      return texts(await list<string>(source, 'api/v1/labels', range, query.selector));
    case 'labelValues':
      return texts(await labelValuesOf(query.label, source, range, query.selector));
    case 'metrics': {
      const pattern = regex(query.pattern);
      return texts((await labelValuesOf('__name__', source, range)).filter((name) => pattern.test(name)));
    }
    case 'series': {
      const series = await list<Record<string, string>>(source, 'api/v1/series', range, query.selector);
      return texts(series.map(seriesName));
    }
    case 'result':
      return texts(resultTexts(await source.instant(query.expr, range)));
  }
}

export function labelValuesOf(label: string, source: Source, range?: TimeRange, selector?: string): Promise<string[]> {
  return list<string>(source, `api/v1/label/${encodeURIComponent(label)}/values`, range, selector);
}

/** A list out of the envelope that the Prometheus API puts around its answers. */
async function list<T>(source: Source, path: string, range?: TimeRange, selector?: string): Promise<T[]> {
  const answer = (await source.resource(path, parameters(range, selector))) as { data?: unknown; error?: string };
  if (!Array.isArray(answer?.data)) {
    throw new Error(answer?.error ?? `${path}: the answer holds no list`);
  }
  return answer.data as T[];
}

/** Seconds since 1970, as the Prometheus API counts. Without a range the whole store is asked. */
function parameters(range?: TimeRange, selector?: string): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  if (range) {
    params['start'] = Math.floor(range.from.valueOf() / 1000);
    params['end'] = Math.ceil(range.to.valueOf() / 1000);
  }
  if (selector) {
    params['match[]'] = [selector];
  }
  return params;
}

function regex(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw new Error(`metrics: "${pattern}" is not a regular expression`);
  }
}

function texts(values: string[]): MetricFindValue[] {
  return values.map((text) => ({ text, expandable: true }));
}

/** Series as text: `up{instance="a",job="b"}`. */
export function seriesName(labels: Record<string, string>): string {
  const { __name__: name = '', ...others } = labels;
  const pairs = Object.keys(others).map((key) => `${key}=${JSON.stringify(others[key])}`);
  return pairs.length > 0 || name === '' ? `${name}{${pairs.join(',')}}` : name;
}

/** One text per sample: `up{job="b"} 1 1700000000000`, which a variable's regular expression can take apart. */
function resultTexts(frames: DataFrame[]): string[] {
  const found: string[] = [];
  for (const frame of frames) {
    const times = frame.fields.filter((field) => field.type === 'time').map(valuesOf)[0] ?? [];
    for (const field of frame.fields.filter((one) => one.type === 'number')) {
      valuesOf(field).forEach((value, row) => found.push(sample(field, value, times[row])));
    }
  }
  return found;
}

function sample(field: Field, value: unknown, time: unknown): string {
  const name = field.labels ? seriesName(field.labels) : '';
  return [name, String(value), time === undefined ? '' : String(time)].filter((part) => part !== '').join(' ');
}

/** A field's values: a vector up to Grafana 9, an array since 10. */
function valuesOf(field: Field): unknown[] {
  const values = field.values as { toArray?: () => unknown[] } | unknown[];
  return Array.from(Array.isArray(values) ? values : (values.toArray?.() ?? []));
}
