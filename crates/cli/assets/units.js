// Values as people read them: a small part of Grafana's units. A unit that is not known is shown behind the number.

const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];

const UNITS = {
  none: (value, decimals) => number(value, decimals),
  short: (value, decimals) => scaled(value, 1000, DECIMAL, '', decimals),
  percent: (value, decimals) => `${number(value, decimals)}%`,
  percentunit: (value, decimals) => `${number(value * 100, decimals)}%`,
  ...sizes('bytes', 1024, BINARY, 'B', { '': 0, k: 1, m: 2, g: 3, t: 4, p: 5 }),
  ...sizes('bytes', 1000, DECIMAL, 'B', { dec: 0, deck: 1, decm: 2, decg: 3, dect: 4, decp: 5 }),
  ...sizes('bits', 1024, BINARY, 'b', { '': 0, k: 1, m: 2, g: 3 }),
  ...sizes('bits', 1000, DECIMAL, 'b', { dec: 0, deck: 1, decm: 2, decg: 3 }),
  ...rates(1024, BINARY, ['KiBs', 'MiBs', 'GiBs', 'TiBs'], 'B/s'),
  ...rates(1000, DECIMAL, ['KBs', 'MBs', 'GBs', 'TBs'], 'B/s'),
  ...rates(1000, DECIMAL, ['Kbits', 'Mbits', 'Gbits', 'Tbits'], 'b/s'),
  Bps: (value, decimals) => scaled(value, 1000, DECIMAL, 'B/s', decimals),
  binBps: (value, decimals) => scaled(value, 1024, BINARY, 'B/s', decimals),
  bps: (value, decimals) => scaled(value, 1000, DECIMAL, 'b/s', decimals),
  ops: (value, decimals) => scaled(value, 1000, DECIMAL, ' ops/s', decimals),
  reqps: (value, decimals) => scaled(value, 1000, DECIMAL, ' req/s', decimals),
  pps: (value, decimals) => scaled(value, 1000, DECIMAL, ' p/s', decimals),
  cps: (value, decimals) => scaled(value, 1000, DECIMAL, '/s', decimals),
  iops: (value, decimals) => scaled(value, 1000, DECIMAL, ' io/s', decimals),
  rps: (value, decimals) => scaled(value, 1000, DECIMAL, ' rd/s', decimals),
  wps: (value, decimals) => scaled(value, 1000, DECIMAL, ' wr/s', decimals),
  hertz: (value, decimals) => scaled(value, 1000, DECIMAL, 'Hz', decimals),
  humidity: (value, decimals) => `${number(value, decimals)} %H`,
  fahrenheit: (value, decimals) => `${number(value, decimals ?? 1)} °F`,
  celsius: (value, decimals) => `${number(value, decimals ?? 1)} °C`,
  volt: (value, decimals) => `${number(value, decimals)} V`,
  watt: (value, decimals) => scaled(value, 1000, DECIMAL, 'W', decimals),
  rotrpm: (value, decimals) => `${number(value, decimals ?? 0)} rpm`,
  ns: (value, decimals) => span(value / 1e9, decimals),
  µs: (value, decimals) => span(value / 1e6, decimals),
  ms: (value, decimals) => span(value / 1e3, decimals),
  s: (value, decimals) => span(value, decimals),
  m: (value, decimals) => span(value * 60, decimals),
  h: (value, decimals) => span(value * 3600, decimals),
  d: (value, decimals) => span(value * 86400, decimals),
  dtdurations: (value, decimals) => span(value, decimals),
  dateTimeAsIso: (value) => new Date(Number(value)).toISOString(),
};

/** Units of one family, by the prefix of their names: how many steps of the base a value of theirs has already. */
function sizes(name, base, prefixes, suffix, steps) {
  const unit = (step) => (value, decimals) => scaled(value * base ** step, base, prefixes, suffix, decimals);
  return Object.fromEntries(Object.entries(steps).map(([prefix, step]) => [prefix + name, unit(step)]));
}

function rates(base, prefixes, names, suffix) {
  return Object.fromEntries(names.map((name, index) => [name, (value, decimals) => scaled(value * base ** (index + 1), base, prefixes, suffix, decimals)]));
}

/** A value in a unit of Grafana's. */
export function format(value, unit = '', decimals = undefined) {
  if (value === null || value === undefined || value === '') {
    return '–';
  }
  if (typeof value === 'bigint') {
    return unit ? format(Number(value), unit, decimals) : value.toString();
  }
  if (typeof value !== 'number') {
    return String(value);
  }
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '−Inf';
  }
  const known = UNITS[unit || 'none'];
  return known ? known(value, decimals ?? undefined) : `${number(value, decimals ?? undefined)} ${unit}`;
}

function number(value, decimals) {
  if (decimals !== undefined && decimals !== null) {
    return minus(value.toFixed(decimals));
  }
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e15)) {
    return minus(value.toExponential(2));
  }
  return minus(String(Number(value.toFixed(size >= 100 ? 1 : size >= 1 ? 2 : 4))));
}

function scaled(value, base, prefixes, suffix, decimals) {
  let rest = value;
  let step = 0;
  while (Math.abs(rest) >= base && step < prefixes.length - 1) {
    rest /= base;
    step += 1;
  }
  const text = number(rest, decimals);
  const unit = prefixes[step] + suffix;
  return unit === '' || unit.startsWith(' ') || unit.startsWith('/') ? text + unit : `${text} ${unit}`;
}

function span(seconds, decimals) {
  const size = Math.abs(seconds);
  const units = [[31536000, 'years'], [604800, 'weeks'], [86400, 'days'], [3600, 'h'], [60, 'min'], [1, 's'], [1e-3, 'ms'], [1e-6, 'µs']];
  if (size === 0) {
    return '0 s';
  }
  const [length, name] = units.find(([length]) => size >= length) ?? [1e-9, 'ns'];
  return `${number(seconds / length, decimals ?? 1)} ${name}`;
}

function minus(text) {
  return text.replace('-', '−');
}

/** Bytes of a process or a message. */
export const bytes = (value) => (value === null || value === undefined ? '–' : format(value, 'bytes', value < 1024 ? 0 : 1));

/** A moment as the clock on the wall shows it. */
export function clock(milliseconds) {
  return new Date(milliseconds).toLocaleTimeString(undefined, { hour12: false });
}

/** A moment with its date, down to the millisecond. */
export function moment(milliseconds) {
  const date = new Date(Number(milliseconds));
  if (Number.isNaN(date.valueOf())) {
    return String(milliseconds);
  }
  const two = (part, width = 2) => String(part).padStart(width, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return date.getMilliseconds() ? `${day} ${time}.${two(date.getMilliseconds(), 3)}` : `${day} ${time}`;
}
