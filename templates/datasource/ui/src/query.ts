/**
 * The query as it is saved in dashboards and alert rules, and the settings as they are saved in `jsonData`.
 *
 * Both are read again by the plugin's process, in `src/query.rs` and `src/settings.rs`; the names must be the same.
 */
import type { DataQuery, DataSourceJsonData } from '@grafana/data';

export interface WaveQuery extends DataQuery {
  shape?: string;
  amplitude?: number;
}

export interface WaveSettings extends DataSourceJsonData {
  periodSeconds?: number;
}

/** A number within bounds; an empty text is the default, anything else is told. */
export function readNumber(text: string, min: number, max: number): { value?: number; problem?: string } {
  const trimmed = text.trim();
  if (trimmed === '') {
    return {};
  }
  const value = Number(trimmed);
  const fits = Number.isFinite(value) && value >= min && value <= max;
  return fits ? { value } : { problem: `found "${trimmed}", expected a number from ${min} to ${max}` };
}
