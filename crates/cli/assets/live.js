// Live channels: which the page follows now, and what arrives on them. All of them come over the one event connection
// of the page, so a change of the set opens that connection anew (see app.js).

import { append, readFrame } from './frames.js';

/** Rows that one live frame keeps at most: an hour of seconds. */
const MAX_ROWS = 3600;

/** The streams wanted now, by number in the address of the event connection. */
let wanted = [];
let changed = () => {};

export function onChange(listener) {
  changed = listener;
}

/**
 * Follows a channel: `listener({frame, state, message})` is told of each change. Gives a function that stops.
 */
export function follow({ plugin, path, data }, listener) {
  const stream = { plugin, path, data, listener, frame: undefined };
  wanted = [...wanted, stream];
  changed();
  return () => {
    wanted = wanted.filter((one) => one !== stream);
    changed();
  };
}

/** The part of the event connection's address that names the streams; the order is that of `packet.stream`. */
export function address() {
  return wanted.map(({ plugin, path, data }) => `stream=${encodeURIComponent(JSON.stringify({ plugin, path, data }))}`).join('&');
}

/** The streams as they are numbered on a connection that is opened now. */
export const numbered = () => wanted;

/** Takes a packet: frame JSON whole, or rows for the frame before. Anything else is handed on as it is. */
export function take(stream, packet) {
  if (packet && typeof packet === 'object' && packet.schema) {
    const next = readFrame(packet);
    const same = stream.frame && JSON.stringify(stream.frame.schema) === JSON.stringify(next.schema);
    if (same) {
      append(stream.frame, packet, MAX_ROWS);
    } else {
      stream.frame = next;
    }
  } else if (packet && typeof packet === 'object' && packet.data && stream.frame) {
    append(stream.frame, packet, MAX_ROWS);
  }
  stream.listener({ frame: stream.frame, packet, state: 'running' });
}

/** Lets go of the rows of a stream: what comes next begins with its own history. */
export function forget(stream) {
  stream.frame = undefined;
}

export function tell(stream, { state, message }) {
  if (state === 'retrying') {
    forget(stream);
  }
  stream.listener({ frame: stream.frame, state, message });
}

/**
 * The channel of a query that is marked `live`, as the front ends of our data sources name it: the path is a name
 * that is equal for equal queries, the query itself travels as data.
 */
export function channelOf(target, windowMs) {
  const MINUTE = 60_000;
  const data = {
    expr: target.expr,
    legendFormat: target.legendFormat ?? '',
    interval: target.interval ?? '',
    live: true,
    windowMs: Math.max(1, Math.round(windowMs / MINUTE)) * MINUTE,
  };
  return { path: `live/${hash(JSON.stringify(data))}`, data };
}

function hash(text) {
  return fnv(text, 0x811c9dc5) + fnv(text, 0x050c5d1f);
}

function fnv(text, basis) {
  let state = basis;
  for (const unit of text) {
    state = Math.imul(state ^ unit.charCodeAt(0), 0x01000193);
  }
  return (state >>> 0).toString(16).padStart(8, '0');
}
