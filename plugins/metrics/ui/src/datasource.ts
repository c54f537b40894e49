/**
 * The data source as Grafana's pages see it: queries go to the plugin's process, live ones to a channel of it.
 *
 * It evaluates nothing and keeps no data.
 */
import type {
  DataFrame,
  DataQueryRequest,
  DataQueryResponse,
  DataSourceInstanceSettings,
  MetricFindValue,
  ScopedVars,
  TimeRange,
} from '@grafana/data';
import { DataSourceWithBackend } from '@grafana/runtime';
import { merge, type Observable } from 'rxjs';

import { follow, isLive, liveAvailable } from './live';
import { defaultQuery, isExpression, type MetricsQuery } from './query';
import type { MetricsSettings } from './settings';
import { interpolate, interpolateExpression } from './templates';
import { findValues, labelValuesOf, parseVariableQuery, type Source } from './variables';

/** A metric as the store knows it. */
export interface Metric {
  name: string;
  /** 'counter', 'gauge', 'histogram', 'summary' or 'unknown'. */
  type?: string;
  help?: string;
}

export class DataSource extends DataSourceWithBackend<MetricsQuery, MetricsSettings> {
  /** The standard annotation editor, which asks an ordinary query. */
  annotations = {};

  constructor(instanceSettings: DataSourceInstanceSettings<MetricsSettings>) {
    super(instanceSettings);
  }

  /** Queries that would only be refused stay here: those without an expression and hidden ones. */
  filterQuery(query: MetricsQuery): boolean {
    return isExpression(query) || (!query.hide && Boolean(query.expr?.trim()));
  }

  query(request: DataQueryRequest<MetricsQuery>): Observable<DataQueryResponse> {
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
      const stream = follow(this.uid, interpolate(target, request.scopedVars), request);
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

  applyTemplateVariables(query: MetricsQuery, scopedVars: ScopedVars): MetricsQuery {
    return interpolate(query, scopedVars);
  }

  interpolateVariablesInQueries(queries: MetricsQuery[], scopedVars: ScopedVars): MetricsQuery[] {
    return queries.map((query) => interpolate(query, scopedVars));
  }

  getDefaultQuery(app?: string): Partial<MetricsQuery> {
    return defaultQuery(app);
  }

  getQueryDisplayText(query: MetricsQuery): string {
    return query.expr;
  }

  /** Values of a dashboard variable. */
  async metricFindQuery(
    query: string | { query?: string; expr?: string },
    options: { range?: TimeRange; scopedVars?: ScopedVars } = {}
  ): Promise<MetricFindValue[]> {
    const text = typeof query === 'string' ? query : (query?.query ?? query?.expr ?? '');
    if (!text.trim()) {
      return [];
    }
    const filled = interpolateExpression(text, options.scopedVars);
    return findValues(parseVariableQuery(filled), this.source(), options.range);
  }

  /** All metrics of the store, with what is known about each. */
  async metrics(range?: TimeRange): Promise<Metric[]> {
    const [names, metadata] = await Promise.all([
      labelValuesOf('__name__', this.source(), range),
      this.getResource('api/v1/metadata') as Promise<{ data?: Record<string, Array<{ type?: string; help?: string }>> }>,
    ]);
    return names.map((name) => ({ name, ...metadata.data?.[name]?.[0] }));
  }

  private source(): Source {
    return {
      resource: (path, params) => this.getResource(path, params),
      instant: (expr, range) => this.instant(expr, range),
    };
  }

  private async instant(expr: string, range?: TimeRange): Promise<DataFrame[]> {
    const now = Date.now();
    const response = await last(
      super.query({
        requestId: `${this.uid}-variable-${expr}`,
        targets: [{ refId: 'variable', expr, instant: true, range: false }],
        range: range ?? { from: at(now - 3_600_000), to: at(now) },
        scopedVars: {},
        interval: '1s',
        intervalMs: 1000,
        maxDataPoints: 1,
        timezone: 'browser',
        app: 'dashboard',
        startTime: now,
      })
    );
    const problem = response.error?.message ?? response.errors?.[0]?.message;
    if (problem) {
      throw new Error(problem);
    }
    return response.data;
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
