/**
 * What our front ends use of `@grafana/data`, and only what every Grafana from 7.5 to 13 has.
 *
 * The package itself has different types in each version; these lines are the part that holds in all of them,
 * so the compiler refuses what an older or newer server would not give. The load tests prove them at run time.
 */
declare module '@grafana/data' {
  import type { ComponentType, ReactNode } from 'react';
  import type { Observable } from 'rxjs';

  export interface DataQuery {
    refId: string;
    hide?: boolean;
    queryType?: string;
    /** A name up to 8.2, `{ type, uid }` since. */
    datasource?: unknown;
  }
  export interface DataSourceJsonData {}

  export interface ScopedVar {
    text?: unknown;
    value: unknown;
  }
  export type ScopedVars = Record<string, ScopedVar | undefined>;

  export interface DateTime {
    valueOf(): number;
  }
  export interface TimeRange {
    from: DateTime;
    to: DateTime;
    raw?: { from: unknown; to: unknown };
  }

  export interface SelectableValue<T> {
    label?: string;
    value?: T;
    description?: string;
    icon?: string;
  }
  export interface MetricFindValue {
    text: string;
    value?: string | number;
    expandable?: boolean;
  }

  export interface Field {
    name: string;
    /** 'time', 'number', 'string', 'boolean' or 'other'. */
    type: string;
    labels?: Record<string, string>;
    config: Record<string, unknown> & { displayNameFromDS?: string };
    /** A vector with `toArray` up to 9, an array since 10. */
    values: unknown;
  }
  export interface DataFrame {
    name?: string;
    refId?: string;
    fields: Field[];
    length: number;
  }

  export interface DataQueryRequest<Q extends DataQuery = DataQuery> {
    requestId: string;
    targets: Q[];
    range: TimeRange;
    scopedVars: ScopedVars;
    intervalMs: number;
    interval: string;
    maxDataPoints?: number;
    timezone: string;
    app: string;
    startTime: number;
    /** Set by Explore's Live button. */
    liveStreaming?: boolean;
  }
  export interface DataQueryResponse {
    data: DataFrame[];
    key?: string;
    /** 'NotStarted', 'Loading', 'Streaming', 'Done' or 'Error'. */
    state?: string;
    error?: { message?: string };
    errors?: Array<{ message?: string; refId?: string }>;
  }

  export interface PluginMeta {
    id: string;
    name?: string;
    baseUrl?: string;
  }
  export interface DataSourceInstanceSettings<O extends DataSourceJsonData = DataSourceJsonData> {
    id: number;
    uid: string;
    type: string;
    name: string;
    meta: PluginMeta;
    url?: string;
    jsonData: O;
    /** Absent before 9. */
    readOnly?: boolean;
  }
  export interface DataSourceSettings<O extends DataSourceJsonData = DataSourceJsonData, S = object> {
    id: number;
    uid?: string;
    type: string;
    name: string;
    url: string;
    jsonData: O;
    secureJsonData?: S;
    secureJsonFields: Record<string, boolean>;
    readOnly: boolean;
  }

  export abstract class DataSourceApi<
    Q extends DataQuery = DataQuery,
    O extends DataSourceJsonData = DataSourceJsonData,
  > {
    readonly name: string;
    readonly id: number;
    readonly type: string;
    readonly uid: string;
    readonly meta: PluginMeta;
    interval?: string;
    annotations?: object;
    constructor(instanceSettings: DataSourceInstanceSettings<O>);
  }

  export interface QueryEditorProps<D, Q extends DataQuery, _O = DataSourceJsonData> {
    datasource: D;
    query: Q;
    onChange: (query: Q) => void;
    onRunQuery: () => void;
    onBlur?: () => void;
    /** Absent in 7.5. */
    app?: string;
    range?: TimeRange;
    data?: unknown;
  }
  export interface QueryEditorHelpProps<Q extends DataQuery = DataQuery> {
    onClickExample: (query: Q) => void;
  }
  export interface DataSourcePluginOptionsEditorProps<O extends DataSourceJsonData, S = object> {
    options: DataSourceSettings<O, S>;
    onOptionsChange: (options: DataSourceSettings<O, S>) => void;
  }

  export class DataSourcePlugin<D> {
    constructor(datasource: new (settings: DataSourceInstanceSettings<any>) => D);
    setConfigEditor(editor: ComponentType<any>): this;
    setQueryEditor(editor: ComponentType<any>): this;
    setQueryEditorHelp(help: ComponentType<any>): this;
  }

  export type Children = ReactNode;
  export type Stream<T> = Observable<T>;
}
