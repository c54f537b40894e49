/**
 * Queries of dashboard variables: the classic texts `label_names()`, `label_values(label)` and
 * `label_values(selector, label)`, and a bare selector for the streams it matches.
 *
 * This file only reads the text and asks; the answers come from the plugin's resources.
 */
import type { MetricFindValue, TimeRange } from '@grafana/data';

export type VariableQuery =
  | { kind: 'labelNames' }
  | { kind: 'labelValues'; label: string; selector?: string }
  | { kind: 'streams'; selector: string };

/** Asks a resource of the plugin. */
export type Ask = (path: string, params: Record<string, unknown>) => Promise<unknown>;

const CALL = /^(label_names|label_values)\s*\(([\s\S]*)\)$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function parseVariableQuery(text: string): VariableQuery {
  const call = CALL.exec(text.trim());
  if (!call) {
    return { kind: 'streams', selector: text.trim() };
  }
  if (call[1] === 'label_names') {
    return { kind: 'labelNames' };
  }
  // The label is what follows the last comma; commas before it belong to the selector.
  const argument = (call[2] ?? '').trim();
  const comma = argument.lastIndexOf(',');
  const label = argument.slice(comma + 1).trim();
  const selector = argument.slice(0, Math.max(comma, 0)).trim();
  if (!LABEL.test(label)) {
    throw new Error(`label_values: found "${label}", expected a label name as the last argument`);
  }
  return selector ? { kind: 'labelValues', label, selector } : { kind: 'labelValues', label };
}

export async function findValues(query: VariableQuery, ask: Ask, range?: TimeRange): Promise<MetricFindValue[]> {
  switch (query.kind) {
    case 'labelNames':
      return texts(await list<string>(ask, 'labels', range));
    case 'labelValues':
      return texts(await labelValues(query.label, ask, range, query.selector));
    case 'streams':
      return texts((await list<Record<string, string>>(ask, 'series', range, query.selector)).map(streamName));
  }
}

export function labelNames(ask: Ask, range?: TimeRange): Promise<string[]> {
  return list<string>(ask, 'labels', range);
}

export function labelValues(label: string, ask: Ask, range?: TimeRange, selector?: string): Promise<string[]> {
  return list<string>(ask, `label/${encodeURIComponent(label)}/values`, range, selector);
}

async function list<T>(ask: Ask, path: string, range?: TimeRange, selector?: string): Promise<T[]> {
  const params: Record<string, unknown> = {};
  if (range) {
    // Nanoseconds as text: JavaScript has no numbers that large.
    params['start'] = `${Math.floor(range.from.valueOf())}000000`;
    params['end'] = `${Math.ceil(range.to.valueOf())}000000`;
  }
  if (selector) {
    params['query'] = selector;
  }
  const answer = (await ask(path, params)) as { data?: unknown; error?: string };
  if (!Array.isArray(answer?.data)) {
    throw new Error(answer?.error ?? `${path}: the answer holds no list`);
  }
  return answer.data as T[];
}

function texts(values: string[]): MetricFindValue[] {
  return values.map((text) => ({ text, expandable: true }));
}

/** A stream as text: `{filename="/var/log/syslog", job="varlogs"}`. */
export function streamName(labels: Record<string, string>): string {
  const pairs = Object.keys(labels).map((key) => `${key}=${JSON.stringify(labels[key])}`);
  return `{${pairs.join(', ')}}`;
}
