// Frame JSON → fields with values, and series for charts. What JSON can't hold comes back from `entities` and `nanos`.

/** The frames of a query response, in the order of refIds, each with its fields; and the errors by refId. */
export function read(response) {
  const frames = [];
  const errors = [];
  for (const [refId, result] of Object.entries(response?.results ?? {})) {
    for (const frame of result.frames ?? []) {
      frames.push({ ...readFrame(frame), refId: frame.schema?.refId || refId });
    }
    if (result.error) {
      errors.push({ refId, message: result.error, status: result.status, source: result.errorSource });
    }
  }
  return { frames, errors };
}

/** One frame: `{name, meta, length, fields: [{name, type, labels, config, values, nanos}]}`. */
export function readFrame(json) {
  const schema = json.schema ?? {};
  const data = json.data ?? {};
  const fields = (schema.fields ?? []).map((field, index) => readField(field, data, index));
  return { name: schema.name ?? '', meta: schema.meta ?? {}, fields, length: fields[0]?.values.length ?? 0, schema };
}

function readField(field, data, index) {
  const values = [...(data.values?.[index] ?? [])];
  const odd = data.entities?.[index] ?? {};
  for (const [name, value] of [['NaN', NaN], ['Inf', Infinity], ['NegInf', -Infinity]]) {
    for (const row of odd[name] ?? []) {
      values[row] = value;
    }
  }
  return {
    name: field.name ?? '',
    type: field.type ?? typeOf(field.typeInfo?.frame),
    labels: field.labels,
    config: field.config ?? {},
    values,
    nanos: data.nanos?.[index] ?? undefined,
  };
}

function typeOf(name = '') {
  return name.includes('time') ? 'time' : /int|float/.test(name) ? 'number' : 'string';
}

/** Adds the rows of a packet without schema to a frame, keeping at most `limit` rows. */
export function append(frame, json, limit) {
  const rows = readFrame({ schema: frame.schema, data: json.data });
  frame.fields.forEach((field, index) => {
    field.values.push(...rows.fields[index].values);
    field.values.splice(0, Math.max(0, field.values.length - limit));
    field.nanos = undefined;
  });
  frame.length = frame.fields[0]?.values.length ?? 0;
}

/** What people call a field as a series: its display name, else its name with labels, else the frame's name. */
export function fieldName(frame, field) {
  const generic = field.name === '' || field.name.toLowerCase() === 'value';
  const values = Object.values(field.labels ?? {});
  // A generic name says nothing, and neither does the name of an only label: its value does.
  const labels = generic && !frame.name && values.length === 1 ? values[0] : labelText(field);
  const base = generic && frame.name ? frame.name : generic && labels ? '' : field.name;
  return displayName(field) || [base, labels].filter(Boolean).join(' ') || 'value';
}

/** What heads a field's column in a table. */
export function columnName(frame, field) {
  return displayName(field) || [field.name, labelText(field)].filter(Boolean).join(' ') || frame.name || 'value';
}

const displayName = ({ config }) => config.displayName || config.displayNameFromDS;

function labelText(field) {
  const labels = Object.entries(field.labels ?? {}).map(([key, value]) => `${key}="${value}"`);
  return labels.length > 0 ? `{${labels.join(', ')}}` : '';
}

/** The series of frames: `{name, unit, decimals, times (seconds), values}` with gaps as null. Long frames are split. */
export function seriesOf(frames) {
  return frames.flatMap((frame) => {
    const time = frame.fields.find((field) => field.type === 'time');
    const numbers = frame.fields.filter((field) => field.type === 'number');
    const texts = frame.fields.filter((field) => field.type === 'string');
    if (!time || numbers.length === 0) {
      return [];
    }
    return texts.length > 0 ? longSeries(frame, time, numbers, texts) : numbers.map((field) => wideSeries(frame, time, field));
  });
}

function wideSeries(frame, time, field) {
  const times = [];
  const values = [];
  time.values.forEach((at, row) => {
    if (at !== null) {
      times.push(Number(at) / 1000);
      values.push(plottable(field.values[row]));
    }
  });
  return sorted({ name: fieldName(frame, field), refId: frame.refId, config: field.config, times, values });
}

function longSeries(frame, time, numbers, texts) {
  const series = new Map();
  time.values.forEach((at, row) => {
    if (at === null) {
      return;
    }
    const labels = texts.map((field) => `${field.name}="${field.values[row] ?? ''}"`).join(', ');
    for (const field of numbers) {
      const name = numbers.length > 1 || field.name ? `${field.name} {${labels}}` : labels;
      const one = series.get(name) ?? { name, refId: frame.refId, config: field.config, times: [], values: [] };
      one.times.push(Number(at) / 1000);
      one.values.push(plottable(field.values[row]));
      series.set(name, one);
    }
  });
  return [...series.values()].map(sorted);
}

function plottable(value) {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** Charts need ascending times. */
function sorted(series) {
  const { times, values } = series;
  if (times.every((at, index) => index === 0 || times[index - 1] <= at)) {
    return series;
  }
  const order = times.map((_, index) => index).sort((left, right) => times[left] - times[right]);
  return { ...series, times: order.map((index) => times[index]), values: order.map((index) => values[index]) };
}

/** The last value of each series that is no gap. */
export function lastValue(values) {
  for (let index = values.length - 1; index >= 0; index -= 1) {
    if (values[index] !== null && values[index] !== undefined) {
      return values[index];
    }
  }
  return null;
}
