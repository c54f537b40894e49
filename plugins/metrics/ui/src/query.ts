/**
 * The query as it is saved in dashboards and alert rules: the names of the Prometheus data source, so that panels
 * can be moved from one to the other, plus `live`.
 *
 * Nothing here evaluates a query; the plugin's process does.
 */
import type { DataQuery } from '@grafana/data';

export type QueryFormat = 'time_series' | 'table';
export type QueryKind = 'range' | 'instant' | 'both';

export interface MetricsQuery extends DataQuery {
  /** PromQL; may hold dashboard variables and `$__interval`, `$__range`, `$__rate_interval`. */
  expr: string;
  /** Values over the time range. Also when neither `range` nor `instant` is set. */
  range?: boolean;
  /** The value at the end of the time range. */
  instant?: boolean;
  format?: QueryFormat;
  /** `{{label}}` stands for a label's value; empty or `__auto` leaves the naming to Grafana. */
  legendFormat?: string;
  /** Lower bound of the step, such as `15s` or `$interval`. */
  interval?: string;
  /** Follow the series: new samples arrive each second over Grafana Live. */
  live?: boolean;
}

/** What a new query starts with, depending on where it is asked for. */
export function defaultQuery(app?: string): Partial<MetricsQuery> {
  switch (app) {
    // A rule compares one number per series.
    case 'unified-alerting':
    case 'cloud-alerting':
      return { expr: '', range: false, instant: true };
    // Explore shows a graph and a table.
    case 'explore':
      return { expr: '', range: true, instant: true };
    default:
      return { expr: '', range: true, instant: false };
  }
}

export function queryKind(query: MetricsQuery): QueryKind {
  if (!query.instant) {
    return 'range';
  }
  return query.range ? 'both' : 'instant';
}

/** The same query asked in another way; an instant query has nothing to follow, so it is no longer live. */
export function withKind(query: MetricsQuery, kind: QueryKind): MetricsQuery {
  const changed = { ...query, range: kind !== 'instant', instant: kind !== 'range' };
  if (kind === 'instant') {
    delete changed.live;
  }
  return changed;
}

const STEP = /^(\d+(ms|[smhdwy]))+$/;

/** Why a minimal step would be refused, or nothing. A text with a variable is only known when it runs. */
export function stepProblem(interval: string | undefined): string | undefined {
  const text = (interval ?? '').trim();
  if (text === '' || text.includes('$') || STEP.test(text)) {
    return undefined;
  }
  return `found "${text}", expected a duration such as 15s or 1m`;
}

/** Whether a target is one of Grafana's server-side expressions instead of a query of ours. */
export function isExpression(query: DataQuery): boolean {
  const source = query.datasource as { type?: string; uid?: string } | string | null | undefined;
  const name = typeof source === 'string' ? source : (source?.uid ?? source?.type);
  return name === '__expr__' || name === '-100';
}
