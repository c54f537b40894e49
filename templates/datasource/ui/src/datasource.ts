/**
 * The data source as Grafana's pages see it: queries go to the plugin's process.
 *
 * It computes nothing and keeps no data.
 */
import type { DataSourceInstanceSettings, ScopedVars } from '@grafana/data';
import { DataSourceWithBackend, getTemplateSrv } from '@grafana/runtime';

import type { WaveQuery, WaveSettings } from './query';

export class DataSource extends DataSourceWithBackend<WaveQuery, WaveSettings> {
  /** The standard annotation editor, which asks an ordinary query. */
  annotations = {};

  constructor(instanceSettings: DataSourceInstanceSettings<WaveSettings>) {
    super(instanceSettings);
  }

  filterQuery(query: WaveQuery): boolean {
    return !query.hide;
  }

  /** Fills dashboard variables in, which the process does not know. */
  applyTemplateVariables(query: WaveQuery, scopedVars: ScopedVars): WaveQuery {
    return query.shape ? { ...query, shape: getTemplateSrv().replace(query.shape, scopedVars) } : query;
  }

  getDefaultQuery(): Partial<WaveQuery> {
    return { shape: 'sine', amplitude: 1 };
  }

  shapes(): Promise<string[]> {
    return this.getResource('shapes');
  }
}
