/**
 * The query as it is saved in dashboards and alert rules: the names of Grafana's own data source for Loki, so that
 * panels can be moved from one to the other.
 *
 * Nothing here reads LogQL; the plugin's process does.
 */
import type { DataQuery } from '@grafana/data';

export type QueryType = 'range' | 'instant' | 'volume';
export type Direction = 'backward' | 'forward';

export interface LogsQuery extends DataQuery {
  /** LogQL; may hold dashboard variables and `$__interval`, `$__range`, `$__auto`. */
  expr: string;
  queryType?: QueryType;
  /** Which lines come first, and are kept when there are too many. */
  direction?: Direction;
  maxLines?: number;
  legendFormat?: string;
  /** The distance of points of counts, such as `1m`. */
  step?: string;
  /** Lines are followed as they are written. */
  live?: boolean;
  /** Nanoseconds as text: narrower than the time range, for pages that end between two lines of one millisecond. */
  fromNs?: string;
  toNs?: string;
}

/** What a new query starts with. */
export function defaultQuery(app?: string): Partial<LogsQuery> {
  const alerting = app === 'unified-alerting' || app === 'cloud-alerting';
  return { expr: '', queryType: alerting ? 'instant' : 'range' };
}

/** Whether a target is one of Grafana's server-side expressions instead of a query of ours. */
export function isExpression(query: DataQuery): boolean {
  const source = query.datasource as { type?: string; uid?: string } | string | null | undefined;
  const name = typeof source === 'string' ? source : (source?.uid ?? source?.type);
  return name === '__expr__' || name === '-100';
}

/** Whether an expression gives lines: it begins with a selector. Counts begin with a function or a number. */
export function givesLines(expr: string | undefined): boolean {
  return (expr ?? '').trim().startsWith('{');
}

/** Why a number of lines can't be used. */
export function linesProblem(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') {
    return undefined;
  }
  const value = Number(trimmed);
  return /^\d+$/.test(trimmed) && value >= 1 && value <= 10_000
    ? undefined
    : `found "${trimmed}", expected a whole number from 1 to 10000`;
}
