// What crossed the wire: the calls of one plugin as they end, and those of one answer.

import { fill, h } from './dom.js';
import { bytes, clock, format } from './units.js';

const KEPT = 200;

/** The wire tab of one plugin: `add(call)`. */
export function wireView(plugin) {
  let calls = [];
  const checks = h('input', { id: `checks-${plugin}`, type: 'checkbox', onchange: draw });
  const body = h('div', {});
  const element = h(
    'div',
    { class: 'wire' },
    h('div', { class: 'toolbar' }, h('div', { class: 'field check' }, checks, h('label', { for: checks.id }, 'Show health checks'))),
    body
  );

  function add(call) {
    calls = [call, ...calls].slice(0, KEPT);
    if (element.isConnected && !element.closest('[hidden]')) {
      draw();
    }
  }

  function draw() {
    const shown = calls.filter((call) => checks.checked || !call.path.endsWith('/CheckHealth'));
    fill(body, shown.length > 0 ? callTable(shown, true) : h('p', { class: 'muted empty' }, 'no calls yet'));
  }

  draw();
  return { element, add, shown: draw };
}

/** Calls as a table. */
export function callTable(calls, withTime = false) {
  const titles = [withTime && 'Time', 'Method', 'Took', 'First answer', 'Out', 'In', 'Outcome'].filter(Boolean);
  const numbers = new Set(['Took', 'First answer', 'Out', 'In']);
  const millis = (value) => (value === null || value === undefined ? '–' : `${value.toFixed(1)} ms`);
  const row = (call) =>
    h(
      'tr',
      {},
      withTime && h('td', { class: 'time' }, clock(call.started)),
      h('td', {}, h('code', {}, call.path)),
      h('td', { class: 'number' }, millis(call.millis)),
      h('td', { class: 'number' }, millis(call.firstAnswerMillis)),
      h('td', { class: 'number' }, bytes(call.sent)),
      h('td', { class: 'number' }, bytes(call.received)),
      h('td', { class: call.outcome.startsWith('failed') ? 'bad' : '' }, call.outcome)
    );
  return h(
    'div',
    { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': 'Calls' },
    h(
      'table',
      { class: 'data' },
      h('thead', {}, h('tr', {}, titles.map((title) => h('th', { scope: 'col', class: numbers.has(title) && 'number' }, title)))),
      h('tbody', {}, calls.map(row))
    )
  );
}

/** One answer's way over the wire: protocol, calls, frames. */
export function answerWire(answer, protocol) {
  const { wire = {}, millis } = answer;
  const frames = wire.frames ?? [];
  const facts = [
    ['Protocol', protocol ? `version ${protocol} over gRPC` : '–'],
    ['Frames', frames.length > 0 ? frames.map((frame) => `${frame.refId}: ${frame.format}, ${bytes(frame.bytes)}`).join('; ') : 'none'],
    ['Asked interval', wire.intervalMs?.map((one) => format(one, 'ms', 0)).join(', ') ?? '–'],
    ['Time range', wire.range ? `${new Date(wire.range.from).toISOString()} to ${new Date(wire.range.to).toISOString()}` : '–'],
    ['Seen from this page', millis === undefined ? '–' : `${millis.toFixed(0)} ms, ${bytes(answer.text?.length)} of JSON`],
  ];
  return h(
    'div',
    { class: 'stack' },
    h('dl', { class: 'facts' }, facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
    wire.calls?.length ? callTable(wire.calls) : h('p', { class: 'muted empty' }, 'no call reached the plugin')
  );
}
