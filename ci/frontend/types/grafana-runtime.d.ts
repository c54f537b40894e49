/** What our front ends use of `@grafana/runtime`, and only what every Grafana from 7.5 to 13 has. */
declare module '@grafana/runtime' {
  import type {
    DataFrame,
    DataQuery,
    DataQueryRequest,
    DataQueryResponse,
    DataSourceApi as Api,
    DataSourceInstanceSettings,
    DataSourceJsonData,
    ScopedVars,
  } from '@grafana/data';
  import type { Observable } from 'rxjs';

  export class DataSourceWithBackend<
    Q extends DataQuery = DataQuery,
    O extends DataSourceJsonData = DataSourceJsonData,
  > extends Api<Q, O> {
    constructor(instanceSettings: DataSourceInstanceSettings<O>);
    query(request: DataQueryRequest<Q>): Observable<DataQueryResponse>;
    /** Asked by the base class up to 11, by Grafana's query runner since. */
    filterQuery(query: Q): boolean;
    applyTemplateVariables(query: Q, scopedVars: ScopedVars, filters?: unknown): Q;
    getResource(path: string, params?: Record<string, unknown>): Promise<any>;
    postResource(path: string, body?: unknown): Promise<any>;
    testDatasource(): Promise<unknown>;
  }

  /** A variable as a formatter gets it; empty for values that come from the scope. */
  export interface FormattedVariable {
    name?: string;
    multi?: boolean;
    includeAll?: boolean;
  }
  export type Formatter = (value: unknown, variable?: FormattedVariable) => string;

  export interface TemplateSrv {
    replace(target?: string, scopedVars?: ScopedVars, format?: string | Formatter): string;
  }
  export function getTemplateSrv(): TemplateSrv;

  /** Where a channel is. Grafana renamed `namespace` to `stream` in 12; an address carries both. */
  export interface LiveChannelAddress {
    scope: string;
    namespace: string;
    stream: string;
    path: string;
    data?: unknown;
  }
  export interface LiveDataStreamOptions {
    addr: LiveChannelAddress;
    key?: string;
    buffer?: { maxLength?: number; maxDelta?: number };
    frame?: DataFrame;
  }
  export interface GrafanaLiveSrv {
    /** Absent in 7.5, which has no streams of plugins. */
    getDataStream?(options: LiveDataStreamOptions): Observable<DataQueryResponse>;
  }
  export function getGrafanaLiveSrv(): GrafanaLiveSrv | undefined;
}
