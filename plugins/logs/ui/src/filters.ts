/**
 * Adds conditions to an expression: what a click on a label or a marked text does.
 *
 * Conditions on labels go behind the stages, where labels that stages extracted are known too; a text goes behind the
 * selector. It deliberately understands no more of an expression than where its selector ends.
 */
export type FilterKind = 'ADD_FILTER' | 'ADD_FILTER_OUT' | 'ADD_STRING_FILTER' | 'ADD_STRING_FILTER_OUT';

/** Names of labels in Grafana's details that are no labels of a line. */
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function withLabel(expr: string, key: string, operator: '=' | '!=', value: string): string {
  const name = LABEL.test(key) ? key : key.replace(/[^a-zA-Z0-9_]/g, '_');
  const condition = `${name}${operator}${quoted(value)}`;
  // The same condition twice says nothing; its opposite is taken back.
  const opposite = `${name}${operator === '=' ? '!=' : '='}${quoted(value)}`;
  if (expr.includes(condition) && !expr.includes(`!${condition}`)) {
    return expr;
  }
  if (expr.includes(` | ${opposite}`)) {
    return expr.replace(` | ${opposite}`, ` | ${condition}`);
  }
  return inLogPart(expr, (log) => `${log.replace(/\s+$/, '')} | ${condition}`);
}

/** Puts a condition into the selector: the first begins an expression, later ones narrow it or replace an older one. */
export function withStream(expr: string, label: string, value: string): string {
  const text = expr.trim();
  const condition = `${label}=${quoted(value)}`;
  if (text === '') {
    return `{${condition}}`;
  }
  const begin = text.indexOf('{');
  if (begin < 0) {
    return text;
  }
  const end = begin + selectorEnd(text.slice(begin));
  const others = conditions(text.slice(begin + 1, end - 1)).filter((one) => !new RegExp(`^${label}\\s*=[^~]`).test(one));
  return `${text.slice(0, begin)}{${[...others, condition].join(', ')}}${text.slice(end)}`;
}

/** The conditions of a selector; commas within quotes separate nothing. */
function conditions(text: string): string[] {
  const found: string[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const comma = outside(rest, 0, (char) => char === ',');
    found.push(rest.slice(0, comma).trim());
    rest = rest.slice(comma + 1);
  }
  return found.filter((one) => one !== '');
}

export function withoutLabel(expr: string, key: string, operator: '=' | '!=', value: string): string {
  return expr.replace(` | ${key}${operator}${quoted(value)}`, '');
}

export function hasLabel(expr: string, key: string, value: string): boolean {
  return expr.includes(`${key}=${quoted(value)}`);
}

export function withText(expr: string, operator: '|=' | '!=', text: string): string {
  return inLogPart(expr, (log) => {
    const end = selectorEnd(log);
    return `${log.slice(0, end)} ${operator} ${quoted(text)}${log.slice(end)}`;
  });
}

/** Applies a change to the part of an expression that selects lines, inside of counts too. */
function inLogPart(expr: string, change: (log: string) => string): string {
  const begin = expr.indexOf('{');
  if (begin < 0) {
    return expr;
  }
  const end = rangeBegin(expr, begin);
  return expr.slice(0, begin) + change(expr.slice(begin, end)) + expr.slice(end);
}

/** Where the selector that begins the text ends. */
function selectorEnd(log: string): number {
  return outside(log, 0, (char) => char === '}') + 1;
}

/** Where `[5m]` begins, or else the end. */
function rangeBegin(expr: string, from: number): number {
  return outside(expr, from, (char) => char === '[');
}

/** The first place outside of quotes that is looked for, or else the end. */
function outside(text: string, from: number, wanted: (char: string) => boolean): number {
  let quote = '';
  for (let at = from; at < text.length; at++) {
    const char = text.charAt(at);
    if (quote) {
      if (char === '\\' && quote === '"') {
        at++;
      } else if (char === quote) {
        quote = '';
      }
    } else if (char === '"' || char === '`') {
      quote = char;
    } else if (wanted(char)) {
      return at;
    }
  }
  return text.length;
}

export function quoted(text: string): string {
  return `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n').replace(/\t/g, '\\t').replace(/\r/g, '\\r')}"`;
}
