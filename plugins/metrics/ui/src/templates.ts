/**
 * Fills dashboard variables into a query before it leaves the browser.
 *
 * The variables of time (`$__interval`, `$__range`, `$__rate_interval`) deliberately stay as they are: the plugin
 * fills them in, so that a query means the same in a panel and in an alert rule, which no browser sees.
 */
import type { ScopedVars } from '@grafana/data';
import { getTemplateSrv, type FormattedVariable } from '@grafana/runtime';

import { isExpression, type MetricsQuery } from './query';

const FILLED_BY_THE_PLUGIN = [
  '__interval',
  '__interval_ms',
  '__range',
  '__range_s',
  '__range_ms',
  '__rate_interval',
  '__rate_interval_ms',
];

export function interpolate(query: MetricsQuery, scopedVars: ScopedVars): MetricsQuery {
  if (isExpression(query)) {
    return query;
  }
  const filled = { ...query, expr: fill(query.expr, scopedVars, promqlValue) };
  if (query.legendFormat) {
    filled.legendFormat = fill(query.legendFormat, scopedVars);
  }
  if (query.interval) {
    filled.interval = fill(query.interval, scopedVars);
  }
  return filled;
}

/** Fills the variables of one text; values become part of PromQL strings. */
export function interpolateExpression(text: string, scopedVars: ScopedVars = {}): string {
  return fill(text, scopedVars, promqlValue);
}

function fill(text: string, scopedVars: ScopedVars, format?: typeof promqlValue): string {
  const vars: ScopedVars = { ...scopedVars };
  for (const name of FILLED_BY_THE_PLUGIN) {
    vars[name] = { text: `$${name}`, value: `$${name}` };
  }
  return getTemplateSrv().replace(text, vars, format);
}

/**
 * A variable's value as text inside a PromQL string: one value as it is, several as a regular expression that
 * matches any of them (so `host=~"$host"` works with "All").
 */
export function promqlValue(value: unknown, variable: FormattedVariable = {}): string {
  const many = Array.isArray(value);
  if (!many && !variable.multi && !variable.includeAll) {
    return quoted(String(value));
  }
  const alternatives = (many ? value : [value]).map((one) => quoted(literally(String(one))));
  return alternatives.length === 1 ? (alternatives[0] ?? '') : `(${alternatives.join('|')})`;
}

/** Escapes what would end the string or start an escape in it, in a way that both kinds of quotes accept. */
function quoted(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/'/g, '\\x27').replace(/"/g, '\\x22');
}

/** Escapes what means something in a regular expression. */
function literally(text: string): string {
  return text.replace(/[\\^$*+?.()|[\]{}]/g, '\\$&');
}
