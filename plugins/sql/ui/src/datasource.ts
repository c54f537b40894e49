/**
 * The data source as Grafana's pages see it: queries go to the plugin's process.
 *
 * It reads no SQL and keeps no data.
 */
import type {
  DataQueryRequest,
  DataQueryResponse,
  DataSourceInstanceSettings,
  MetricFindValue,
  ScopedVars,
  TimeRange,
} from '@grafana/data';
import { DataSourceWithBackend } from '@grafana/runtime';
import type { Observable } from 'rxjs';

import { defaultQuery, isExpression, type SqlQuery } from './query';
import type { SqlSettings } from './settings';
import { interpolate, interpolateSql } from './templates';
import { choices } from './variables';

/** A table or view of the database. */
export interface Table {
  name: string;
  /** 'table', 'view' or 'virtual'. */
  type: string;
}

/** A macro that the plugin expands. */
export interface Macro {
  name: string;
  arguments: string[];
  help: string;
}

export class DataSource extends DataSourceWithBackend<SqlQuery, SqlSettings> {
  /** The standard annotation editor, which asks an ordinary query. */
  annotations = {};

  constructor(instanceSettings: DataSourceInstanceSettings<SqlSettings>) {
    super(instanceSettings);
  }

  /** Queries that would only be refused stay here: those without SQL and hidden ones. */
  filterQuery(query: SqlQuery): boolean {
    return isExpression(query) || (!query.hide && Boolean(query.rawSql?.trim()));
  }

  query(request: DataQueryRequest<SqlQuery>): Observable<DataQueryResponse> {
    // Not every Grafana asks filterQuery before this.
    return super.query({ ...request, targets: request.targets.filter((target) => this.filterQuery(target)) });
  }

  applyTemplateVariables(query: SqlQuery, scopedVars: ScopedVars): SqlQuery {
    return interpolate(query, scopedVars);
  }

  interpolateVariablesInQueries(queries: SqlQuery[], scopedVars: ScopedVars): SqlQuery[] {
    return queries.map((query) => interpolate(query, scopedVars));
  }

  getDefaultQuery(app?: string): Partial<SqlQuery> {
    return defaultQuery(app);
  }

  getQueryDisplayText(query: SqlQuery): string {
    return query.rawSql;
  }

  /** Values of a dashboard variable. */
  async metricFindQuery(
    query: string | { query?: string; rawSql?: string },
    options: { range?: TimeRange; scopedVars?: ScopedVars } = {}
  ): Promise<MetricFindValue[]> {
    const text = typeof query === 'string' ? query : (query?.rawSql ?? query?.query ?? '');
    if (!text.trim()) {
      return [];
    }
    const rawSql = interpolateSql(text, options.scopedVars);
    const now = Date.now();
    const response = await last(
      super.query({
        requestId: `${this.uid}-variable-${rawSql}`,
        targets: [{ refId: 'variable', rawSql, format: 'table' }],
        range: options.range ?? { from: at(now - 3_600_000), to: at(now) },
        scopedVars: {},
        interval: '1s',
        intervalMs: 1000,
        maxDataPoints: 1000,
        timezone: 'browser',
        app: 'dashboard',
        startTime: now,
      })
    );
    const problem = response.error?.message ?? response.errors?.[0]?.message;
    if (problem) {
      throw new Error(problem);
    }
    return choices(response.data);
  }

  tables(): Promise<Table[]> {
    return this.getResource('tables');
  }

  macros(): Promise<Macro[]> {
    return this.getResource('macros');
  }
}

function at(milliseconds: number): { valueOf(): number } {
  return { valueOf: () => milliseconds };
}

/** The last value of a stream that ends. rxjs 6 and 7 name this differently. */
function last<T>(stream: Observable<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let latest: T | undefined;
    stream.subscribe({
      next: (value) => (latest = value),
      error: reject,
      complete: () => (latest === undefined ? reject(new Error('the query was not answered')) : resolve(latest)),
    });
  });
}
