/**
 * The data source as Grafana's pages see it: queries go to the plugin's process, live ones to a channel of it.
 *
 * It reads no LogQL and keeps no lines. Grafana asks for the volume over a query, a sample of lines, and lines around a
 * row by methods whose names changed over the years; both names are here.
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
import { merge, type Observable } from 'rxjs';

import { contextQuery, type ContextOptions, type LogRow } from './context';
import { hasLabel, withLabel, withoutLabel, withText } from './filters';
import { follow, isLive, liveAvailable } from './live';
import { defaultQuery, givesLines, isExpression, type LogsQuery } from './query';
import type { LogsSettings } from './settings';
import { interpolate, interpolateExpression } from './templates';
import { findValues, labelNames, labelValues, parseVariableQuery } from './variables';

/** What Explore shows beside an answer. */
type Supplement = 'LogsVolume' | 'LogsSample';

/** A change that a click asks for. */
interface Change {
  type: string;
  options?: { key?: string; value?: string; [name: string]: unknown };
  key?: string;
  value?: string;
}

export class DataSource extends DataSourceWithBackend<LogsQuery, LogsSettings> {
  /** The standard annotation editor, which asks an ordinary query. */
  annotations = {};

  constructor(instanceSettings: DataSourceInstanceSettings<LogsSettings>) {
    super(instanceSettings);
  }

  /** Queries that would only be refused stay here: those without an expression and hidden ones. */
  filterQuery(query: LogsQuery): boolean {
    return isExpression(query) || (!query.hide && Boolean(query.expr?.trim()));
  }

  query(request: DataQueryRequest<LogsQuery>): Observable<DataQueryResponse> {
    // Not every Grafana asks filterQuery before this.
    const targets = request.targets.filter((target) => this.filterQuery(target));
    // The server needs all queries of a request to evaluate expressions over them.
    const canFollow = liveAvailable() && !targets.some(isExpression);
    const followed = canFollow ? targets.filter((target) => isLive(target, request)) : [];
    if (followed.length === 0) {
      return super.query({ ...request, targets });
    }
    const streams: Array<Observable<DataQueryResponse>> = [];
    for (const target of followed) {
      const stream = follow(this.uid, interpolate(target, request.scopedVars));
      if (stream) {
        streams.push(stream);
      }
    }
    const asked = targets.filter((target) => !followed.includes(target));
    if (asked.length > 0) {
      streams.push(super.query({ ...request, targets: asked }));
    }
    return merge(...streams);
  }

  applyTemplateVariables(query: LogsQuery, scopedVars: ScopedVars): LogsQuery {
    return interpolate(query, scopedVars);
  }

  interpolateVariablesInQueries(queries: LogsQuery[], scopedVars: ScopedVars): LogsQuery[] {
    return queries.map((query) => interpolate(query, scopedVars));
  }

  getDefaultQuery(app?: string): Partial<LogsQuery> {
    return defaultQuery(app);
  }

  getQueryDisplayText(query: LogsQuery): string {
    return query.expr;
  }

  // Clicks in the log view

  modifyQuery(query: LogsQuery, change: Change): LogsQuery {
    const key = change.options?.key ?? change.key ?? '';
    const value = change.options?.value ?? change.value ?? '';
    switch (change.type) {
      case 'ADD_FILTER':
        return { ...query, expr: withLabel(query.expr, key, '=', value) };
      case 'ADD_FILTER_OUT':
        return { ...query, expr: withLabel(query.expr, key, '!=', value) };
      case 'ADD_STRING_FILTER':
        return { ...query, expr: withText(query.expr, '|=', value) };
      case 'ADD_STRING_FILTER_OUT':
        return { ...query, expr: withText(query.expr, '!=', value) };
      default:
        return query;
    }
  }

  getSupportedQueryModifications(): string[] {
    return ['ADD_FILTER', 'ADD_FILTER_OUT', 'ADD_STRING_FILTER', 'ADD_STRING_FILTER_OUT'];
  }

  toggleQueryFilter(query: LogsQuery, filter: { type: string; options: { key: string; value: string } }): LogsQuery {
    const { key, value } = filter.options;
    const operator = filter.type === 'FILTER_OUT' ? '!=' : '=';
    const without = withoutLabel(query.expr, key, operator, value);
    return { ...query, expr: without === query.expr ? withLabel(query.expr, key, operator, value) : without };
  }

  queryHasFilter(query: LogsQuery, filter: { key: string; value: string }): boolean {
    return hasLabel(query.expr, filter.key, filter.value);
  }

  // What Explore shows beside an answer

  getSupportedSupplementaryQueryTypes(): Supplement[] {
    return ['LogsVolume', 'LogsSample'];
  }

  getSupplementaryQuery(options: { type: Supplement; limit?: number }, query: LogsQuery): LogsQuery | undefined {
    if (isExpression(query) || query.hide || !query.expr?.trim()) {
      return undefined;
    }
    if (options.type === 'LogsVolume') {
      return givesLines(query.expr)
        ? { refId: `log-volume-${query.refId}`, expr: query.expr, queryType: 'volume' }
        : undefined;
    }
    const selector = /\{[^}]*\}/.exec(query.expr)?.[0];
    return !givesLines(query.expr) && selector
      ? { refId: `log-sample-${query.refId}`, expr: selector, queryType: 'range', maxLines: options.limit ?? 100 }
      : undefined;
  }

  /** Since Grafana 10.2. */
  getSupplementaryRequest(
    type: Supplement,
    request: DataQueryRequest<LogsQuery>,
    options?: { limit?: number }
  ): DataQueryRequest<LogsQuery> | undefined {
    const targets: LogsQuery[] = [];
    for (const target of request.targets) {
      const query = this.getSupplementaryQuery({ type, limit: options?.limit }, target);
      if (query) {
        targets.push(query);
      }
    }
    return targets.length > 0 ? { ...request, targets } : undefined;
  }

  /** Before that. */
  getDataProvider(type: Supplement, request: DataQueryRequest<LogsQuery>): Observable<DataQueryResponse> | undefined {
    const asked = this.getSupplementaryRequest(type, request);
    return asked && super.query(asked);
  }

  showContextToggle(): boolean {
    return true;
  }

  getLogRowContextQuery(row: LogRow, options?: ContextOptions): Promise<LogsQuery> {
    return Promise.resolve(contextQuery(row, options).query);
  }

  getLogRowContext(row: LogRow, options?: ContextOptions): Promise<DataQueryResponse> {
    const { query, from, to } = contextQuery(row, options);
    return last(
      super.query({
        requestId: `${this.uid}-context-${query.direction}-${row.timeEpochMs}`,
        targets: [query],
        range: { from: at(from), to: at(to) },
        scopedVars: {},
        interval: '1s',
        intervalMs: 1000,
        maxDataPoints: 100,
        timezone: 'browser',
        app: 'explore',
        startTime: Date.now(),
      })
    );
  }

  // Variables, ad-hoc filters, completion

  async metricFindQuery(
    query: string | { query?: string; expr?: string },
    options: { range?: TimeRange; scopedVars?: ScopedVars } = {}
  ): Promise<MetricFindValue[]> {
    const text = typeof query === 'string' ? query : (query?.query ?? query?.expr ?? '');
    if (!text.trim()) {
      return [];
    }
    return findValues(parseVariableQuery(interpolateExpression(text, options.scopedVars)), this.ask, options.range);
  }

  async getTagKeys(options: { timeRange?: TimeRange } = {}): Promise<MetricFindValue[]> {
    return (await labelNames(this.ask, options.timeRange)).map((text) => ({ text }));
  }

  async getTagValues(options: { key: string; timeRange?: TimeRange }): Promise<MetricFindValue[]> {
    return (await labelValues(options.key, this.ask, options.timeRange)).map((text) => ({ text }));
  }

  /** Names of the labels that streams have. */
  labels(range?: TimeRange): Promise<string[]> {
    return labelNames(this.ask, range);
  }

  values(label: string, range?: TimeRange): Promise<string[]> {
    return labelValues(label, this.ask, range);
  }

  private ask = (path: string, params: Record<string, unknown>): Promise<unknown> => this.getResource(path, params);
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
