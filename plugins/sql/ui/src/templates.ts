/**
 * Fills dashboard variables into SQL before it leaves the browser.
 *
 * Macros of time (`$__timeFilter(…)`, `$__interval`, `$__from` …) deliberately stay as they are: the plugin expands them, so that
 * a query means the same in a panel and in an alert rule, which no browser sees.
 */
import type { ScopedVars } from '@grafana/data';
import { getTemplateSrv, type FormattedVariable } from '@grafana/runtime';

import { isExpression, type SqlQuery } from './query';

const FILLED_BY_THE_PLUGIN = ['__interval', '__interval_ms', '__from', '__to'];

export function interpolate(query: SqlQuery, scopedVars: ScopedVars): SqlQuery {
  return isExpression(query) ? query : { ...query, rawSql: interpolateSql(query.rawSql, scopedVars) };
}

/** Fills the variables of one text. */
export function interpolateSql(text: string, scopedVars: ScopedVars = {}): string {
  const vars: ScopedVars = { ...scopedVars };
  for (const name of FILLED_BY_THE_PLUGIN) {
    vars[name] = { text: `$${name}`, value: `$${name}` };
  }
  return getTemplateSrv().replace(text, vars, sqlValue);
}

/**
 * A variable's value in SQL: several are a list of strings, for `IN ($host)`; one value of a variable that allows one
 * alone stands between the user's own quotes, so quotes in it are doubled; numbers stay numbers.
 */
export function sqlValue(value: unknown, variable: FormattedVariable = {}): string {
  if (Array.isArray(value)) {
    return value.map(literal).join(',');
  }
  if (variable.multi || variable.includeAll) {
    return literal(value);
  }
  return typeof value === 'number' ? String(value) : doubled(String(value));
}

function literal(value: unknown): string {
  return typeof value === 'number' ? String(value) : `'${doubled(String(value))}'`;
}

function doubled(text: string): string {
  return text.replace(/'/g, "''");
}
