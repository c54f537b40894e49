/**
 * The data source's settings as saved in `jsonData`. All are optional; what is absent is the plugin's own default.
 *
 * The checks here stop slips of the hand at the form; the plugin checks again, since provisioning passes no form.
 */
import type { DataSourceJsonData } from '@grafana/data';

export type Format = 'text' | 'docker';

export interface Files {
  /** Becomes the label `job`. */
  job: string;
  /** Absolute paths, with `*`, `?` and `**`. */
  paths: string[];
  format?: Format;
  /** Added to each stream. */
  labels?: Record<string, string>;
}

export interface LogsSettings extends DataSourceJsonData {
  roots?: string[];
  files?: Files[];
  journal?: boolean;
  journalPath?: string;
  kernel?: boolean;
  timeZone?: string;
  maxLines?: number;
  indexPath?: string;
}

/** A text that was read: its value, or why it has none. */
export type Read<T> = { value: T } | { problem: string };

export interface Bounds {
  min: number;
  max: number;
}
export const LINES: Bounds = { min: 1, max: 10_000 };

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

/** Paths, one a line or separated by commas. */
export function readPaths(text: string): Read<string[] | undefined> {
  const paths = text
    .split(/[\n,]/)
    .map((path) => path.trim())
    .filter((path) => path !== '');
  for (const path of paths) {
    if (!path.startsWith('/') && !/^[A-Za-z]:[\\/]/.test(path)) {
      return { problem: `found "${path}", expected an absolute path` };
    }
    if (/(^|[\\/])\.\.([\\/]|$)/.test(path)) {
      return { problem: `found "${path}", expected a path without ".."` };
    }
  }
  return { value: paths.length > 0 ? paths : undefined };
}

export function writePaths(paths: string[] | undefined): string {
  return (paths ?? []).join(', ');
}

export function readPath(text: string): Read<string | undefined> {
  const read = readPaths(text);
  return 'problem' in read ? read : { value: read.value?.[0] };
}

const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Labels typed as `env=prod, rack=2`. */
export function readLabels(text: string): Read<Record<string, string> | undefined> {
  const labels: Record<string, string> = {};
  for (const part of text.split(',')) {
    if (part.trim() === '') {
      continue;
    }
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(equals, 0)).trim();
    if (!LABEL.test(name)) {
      return { problem: `found "${part.trim()}", expected name=value` };
    }
    if (name === 'job' || name === 'filename') {
      return { problem: `the label "${name}" is set from the files themselves` };
    }
    labels[name] = part
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
  }
  return { value: Object.keys(labels).length > 0 ? labels : undefined };
}

export function writeLabels(labels: Record<string, string> | undefined): string {
  return Object.keys(labels ?? {})
    .map((name) => `${name}=${labels?.[name] ?? ''}`)
    .join(', ');
}
