/**
 * The data source's settings as saved in `jsonData`. All are optional; what is absent is the plugin's own default.
 *
 * The bounds here stop slips of the hand at the form; the plugin checks again, since provisioning passes no form.
 */
import type { DataSourceJsonData } from '@grafana/data';

export interface ScrapeTarget {
  /** Becomes the label `job`. */
  job: string;
  url: string;
  intervalSeconds?: number;
  /** Added to each series of the target. */
  labels?: Record<string, string>;
}

export interface MetricsSettings extends DataSourceJsonData {
  storePath?: string;
  retentionDays?: number;
  maxStoreMegabytes?: number;
  collectIntervalSeconds?: number;
  scrapeTargets?: ScrapeTarget[];
}

/** A text that was read: its value, or why it has none. */
export type Read<T> = { value: T } | { problem: string };

export interface Bounds {
  min: number;
  max: number;
}
export const RETENTION_DAYS: Bounds = { min: 1, max: 3650 };
export const STORE_MEGABYTES: Bounds = { min: 8, max: 1_048_576 };
export const INTERVAL_SECONDS: Bounds = { min: 1, max: 3600 };

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

export function readStorePath(text: string): Read<string | undefined> {
  const trimmed = text.trim();
  if (trimmed === '') {
    return { value: undefined };
  }
  const absolute = trimmed.startsWith('/') || /^([A-Za-z]:[\\/]|\\\\)/.test(trimmed);
  return absolute ? { value: trimmed } : { problem: `found "${trimmed}", expected an absolute path` };
}

const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Labels typed as `room=lab, rack=2`. */
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
    if (name === 'job' || name === 'instance') {
      return { problem: `the label "${name}" is set from the target itself` };
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

/** What is wrong with a target as a whole, seen beside the others. */
export function targetProblem(target: ScrapeTarget, others: ScrapeTarget[]): string | undefined {
  if (!target.job.trim()) {
    return 'a target needs a job name';
  }
  if (!/^https?:\/\/[^\s/?#]+/.test(target.url)) {
    return `found "${target.url}", expected a URL such as http://127.0.0.1:9100/metrics`;
  }
  if (others.some((other) => other.job === target.job && other.url === target.url)) {
    return `the job "${target.job}" has this URL twice`;
  }
  return undefined;
}
