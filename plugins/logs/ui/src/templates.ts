/**
 * Fills dashboard variables into LogQL before it leaves the browser.
 *
 * Grafana's own variables of time (`$__interval`, `$__range`, `$__auto` …) deliberately stay as they are: the plugin
 * fills them, so that a query means the same in a panel and in an alert rule, which no browser sees.
 */
import type { ScopedVars } from '@grafana/data';
import { getTemplateSrv, type FormattedVariable } from '@grafana/runtime';

import { isExpression, type LogsQuery } from './query';

const FILLED_BY_THE_PLUGIN = ['__interval', '__interval_ms', '__range', '__range_s', '__range_ms', '__auto'];

export function interpolate(query: LogsQuery, scopedVars: ScopedVars): LogsQuery {
  if (isExpression(query)) {
    return query;
  }
  const filled: LogsQuery = { ...query, expr: interpolateExpression(query.expr, scopedVars) };
  if (query.step) {
    filled.step = getTemplateSrv().replace(query.step, scopedVars);
  }
  return filled;
}

/** Fills the variables of one expression. */
export function interpolateExpression(text: string, scopedVars: ScopedVars = {}): string {
  const vars: ScopedVars = { ...scopedVars };
  for (const name of FILLED_BY_THE_PLUGIN) {
    vars[name] = { text: `$${name}`, value: `$${name}` };
  }
  return getTemplateSrv().replace(text, vars, logqlValue);
}

/**
 * A variable's value between the quotes of LogQL: several are the alternatives of a pattern, for `=~"$host"`; where a
 * variable allows several, characters that mean something in patterns are taken as they are.
 */
export function logqlValue(value: unknown, variable: FormattedVariable = {}): string {
  if (Array.isArray(value)) {
    const parts = value.map(pattern);
    return parts.length === 1 ? String(parts[0]) : `(${parts.join('|')})`;
  }
  if (variable.multi || variable.includeAll) {
    return pattern(value);
  }
  return String(value).replace(/\\/g, '\\\\').replace(/"/g, '\\"');
}

function pattern(value: unknown): string {
  return String(value)
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replace(/\\/g, '\\\\')
    .replace(/"/g, '\\"');
}
