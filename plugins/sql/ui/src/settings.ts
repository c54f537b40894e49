/**
 * The data source's settings as saved in `jsonData`. Only the path must be given.
 *
 * The bounds here stop slips of the hand at the form; the plugin checks again, since provisioning passes no form.
 */
import type { DataSourceJsonData } from '@grafana/data';

export interface SqlSettings extends DataSourceJsonData {
  path?: string;
  queryTimeoutSeconds?: number;
  busyTimeoutSeconds?: number;
  rowLimit?: number;
  maxCellMegabytes?: number;
  immutable?: boolean;
}

/** A text that was read: its value, or why it has none. */
export type Read<T> = { value: T } | { problem: string };

export interface Bounds {
  min: number;
  max: number;
}
export const QUERY_SECONDS: Bounds = { min: 1, max: 3600 };
export const BUSY_SECONDS: Bounds = { min: 0, max: 60 };
export const ROWS: Bounds = { min: 1, max: 1_000_000_000 };
export const CELL_MEGABYTES: Bounds = { min: 1, max: 256 };

/** A whole number within bounds; an empty text leaves the value to the plugin. */
export function readNumber(text: string, { min, max }: Bounds): Read<number | undefined> {
  const trimmed = text.trim();
  if (trimmed === '') {
    return { value: undefined };
  }
  const value = Number(trimmed);
  if (!/^\d+$/.test(trimmed) || value < min || value > max) {
    return { problem: `found "${trimmed}", expected a whole number from ${min} to ${max}` };
  }
  return { value };
}

export function readPath(text: string): Read<string | undefined> {
  const trimmed = text.trim();
  if (trimmed === '') {
    return { value: undefined };
  }
  if (/(^|[\\/])\.\.([\\/]|$)/.test(trimmed)) {
    return { problem: `found "${trimmed}", expected a path without ".."` };
  }
  const absolute = trimmed.startsWith('/') || /^([A-Za-z]:[\\/]|\\\\)/.test(trimmed);
  return absolute ? { value: trimmed } : { problem: `found "${trimmed}", expected an absolute path` };
}
