// Variables of a dashboard: their choices, and how they are put into a query. Grafana's variables of time
// (`$__interval` and its kin) stay as they are: plugins fill them in themselves.

import { api } from './api.js';

/** Reads a dashboard's variables: `{name, label, kind, choices, value, multi, allValue, hidden}`. */
export async function load(plugin, dashboard, range) {
  const list = (dashboard.templating?.list ?? []).filter((one) => one.type !== 'datasource' && one.type !== 'adhoc');
  const variables = [];
  for (const one of list) {
    variables.push(await read(plugin, one, variables, range));
  }
  return variables;
}

async function read(plugin, one, before, range) {
  const variable = {
    name: one.name,
    label: one.label || one.name,
    kind: one.type,
    choices: [],
    value: chosen(one.current?.value),
    allValue: one.allValue || undefined,
    multi: Boolean(one.multi),
    hidden: one.hide === 2 || one.type === 'constant',
  };
  const texts = (list) => list.map((option) => String(option.value ?? option)).filter((text) => text !== '$__all');
  if (one.type === 'query') {
    try {
      variable.choices = await values(plugin, fillText(queryText(one), before), range);
    } catch (error) {
      variable.problem = error.message;
    }
  } else if (one.type === 'custom' || one.type === 'interval') {
    variable.choices = one.options?.length ? texts(one.options) : String(one.query ?? '').split(',').map((text) => text.trim());
  } else if (one.type === 'constant' || one.type === 'textbox') {
    variable.value = variable.value || String(one.query ?? '');
  }
  const wanted = typeof one.regex === 'string' && one.regex ? regexOf(one.regex) : undefined;
  variable.choices = wanted ? variable.choices.map((text) => wanted.exec(text)).filter(Boolean).map((found) => found[1] ?? found[0]) : variable.choices;
  if (one.sort) {
    variable.choices.sort((left, right) => left.localeCompare(right, undefined, { numeric: true }));
  }
  if (one.includeAll) {
    variable.choices.unshift('$__all');
  }
  if (variable.choices.length > 0 && !variable.choices.includes(variable.value)) {
    variable.value = variable.choices[0];
  }
  return variable;
}

const chosen = (value) => (Array.isArray(value) ? String(value[0] ?? '') : value === undefined || value === null ? '' : String(value));
const queryText = (one) => (typeof one.query === 'string' ? one.query : (one.query?.query ?? one.definition ?? ''));

function regexOf(text) {
  const parts = /^\/(.*)\/([a-z]*)$/s.exec(text);
  try {
    return parts ? new RegExp(parts[1], parts[2].replace('g', '')) : new RegExp(text);
  } catch {
    return undefined;
  }
}

/** The choices of a variable query, from the Prometheus-like resources of a plugin. */
async function values(plugin, text, range) {
  const call = /^(label_values|label_names|metrics)\s*\(([\s\S]*)\)$/.exec(text.trim());
  if (!call) {
    throw new Error(`the query ${text} is not known here`);
  }
  const argument = call[2].trim();
  const cut = argument.lastIndexOf(',');
  const within = (selector) => {
    const query = new URLSearchParams({ start: String(Math.floor(range.fromMs / 1000)), end: String(Math.ceil(range.toMs / 1000)) });
    if (selector) {
      query.append('match[]', selector);
    }
    return query.toString();
  };
  const list = async (path, selector) => (await api.get(plugin, `resources/api/v1/${path}?${within(selector)}`)).data ?? [];
  switch (call[1]) {
    case 'label_names':
      return list('labels', argument);
    case 'metrics':
      return (await list('label/__name__/values')).filter((name) => new RegExp(argument).test(name));
    default:
      return list(`label/${encodeURIComponent(argument.slice(cut + 1).trim())}/values`, argument.slice(0, Math.max(cut, 0)).trim());
  }
}

/** A query model with the variables in all its texts. */
export function fill(value, variables) {
  if (typeof value === 'string') {
    return fillText(value, variables);
  }
  if (Array.isArray(value)) {
    return value.map((one) => fill(one, variables));
  }
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, variables)]));
  }
  return value;
}

function fillText(text, variables) {
  return text.replace(/\$(\w+)|\$\{(\w+)(?::\w+)?\}|\[\[(\w+)\]\]/g, (whole, ...names) => {
    const name = names.slice(0, 3).find(Boolean);
    const variable = variables.find((one) => one.name === name);
    return variable ? asText(variable) : whole;
  });
}

/** A value as part of a text in quotes; "all" is everything there is. */
function asText(variable) {
  if (variable.value === '$__all') {
    return variable.allValue ?? '.*';
  }
  const quoted = (text) => text.replace(/\\/g, '\\\\').replace(/"/g, '\\x22').replace(/'/g, '\\x27');
  return variable.multi || variable.choices.includes('$__all')
    ? quoted(variable.value.replace(/[\\^$*+?.()|[\]{}]/g, '\\$&'))
    : quoted(variable.value);
}
