/**
 * The query as it is saved in dashboards and alert rules: the names of Grafana's own SQL data sources, so that panels
 * can be moved from one to the other.
 *
 * Nothing here reads SQL; the plugin's process does.
 */
import type { DataQuery } from '@grafana/data';

export type QueryFormat = 'time_series' | 'table' | 'logs';

export interface SqlQuery extends DataQuery {
  /** SQL; may hold dashboard variables and macros such as `$__timeFilter(column)`. */
  rawSql: string;
  format?: QueryFormat;
  /** Further columns that are times, as other plugins for SQLite save them. */
  timeColumns?: string[];
}

/** What a new query starts with, depending on where it is asked for. */
export function defaultQuery(app?: string): Partial<SqlQuery> {
  // Annotations and variables need rows as they are, and so do most first looks at a database.
  return { rawSql: '', format: app === 'unified-alerting' || app === 'cloud-alerting' ? 'time_series' : 'table' };
}

/** Whether a target is one of Grafana's server-side expressions instead of a query of ours. */
export function isExpression(query: DataQuery): boolean {
  const source = query.datasource as { type?: string; uid?: string } | string | null | undefined;
  const name = typeof source === 'string' ? source : (source?.uid ?? source?.type);
  return name === '__expr__' || name === '-100';
}
