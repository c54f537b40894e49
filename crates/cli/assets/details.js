// The plugin tab: what the process is, its health, its settings, its own metrics, and the buttons to stop and start.

import { api } from './api.js';
import { fill, h } from './dom.js';
import { bytes, moment } from './units.js';

/** The plugin tab: `update(entry)`, `shown()`. */
export function detailsView(plugin) {
  const facts = h('dl', { class: 'facts' });
  const health = h('div', { class: 'stack' });
  const message = h('p', { role: 'status', class: 'muted said' });
  const buttons = {
    restart: button('Restart', () => control('restart')),
    stop: button('Stop', () => control('stop')),
    start: button('Start', () => control('start')),
    check: button('Check health', check),
  };
  const settings = settingsForm(plugin);
  const metrics = metricsBox(plugin);
  const capabilities = capabilitiesList(plugin);
  const element = h(
    'div',
    { class: 'details' },
    h(
      'div',
      { class: 'details-column' },
      h('section', { class: 'card' }, h('h2', {}, 'Process'), facts, h('div', { class: 'toolbar' }, Object.values(buttons)), message),
      h('section', { class: 'card' }, h('h2', {}, 'Metrics of the plugin'), metrics)
    ),
    h(
      'div',
      { class: 'details-column' },
      h('section', { class: 'card' }, h('h2', {}, 'Health'), health),
      h('section', { class: 'card' }, h('h2', {}, 'Capabilities'), capabilities.element),
      h('section', { class: 'card' }, h('h2', {}, 'Settings'), settings.element)
    )
  );

  function button(text, work) {
    return h('button', { type: 'button', onclick: work }, text);
  }

  async function control(what) {
    message.textContent = `${what} …`;
    try {
      await api.post(plugin, what);
      message.textContent = '';
    } catch (error) {
      message.textContent = error.message;
    }
  }

  async function check() {
    buttons.check.disabled = true;
    try {
      showHealth(await api.get(plugin, 'health'));
    } catch (error) {
      showHealth({ status: 'ERROR', message: error.message });
    }
    buttons.check.disabled = false;
  }

  function showHealth(found) {
    if (!found) {
      fill(health, h('p', { class: 'muted' }, 'not asked yet'));
      return;
    }
    const { status, message: said, details, millis, checked } = found;
    fill(
      health,
      h('p', {}, h('span', { class: `badge ${status === 'OK' ? 'ok' : 'bad'}` }, status), ' ', said),
      checked && h('p', { class: 'muted' }, `asked ${moment(checked)}, answered in ${millis.toFixed(1)} ms`),
      details && h('pre', { tabindex: '0', 'aria-label': 'Details of the health check' }, JSON.stringify(details, null, 2))
    );
  }

  function update(entry) {
    const { state, process } = entry;
    const rows = [
      ['Id', entry.id],
      ['Version', entry.version],
      ['State', state.detail],
      ['Running since', state.since && moment(state.since)],
      ['Restarts', state.restarts],
      ['Executable', entry.executable],
      ['Time to the handshake', process && `${process.startMillis.toFixed(1)} ms`],
      ['Protocol', process && `version ${process.protocol}`],
      ['Address', process?.address],
      ['Memory', process?.resident && `${bytes(process.resident)}, at most ${bytes(process.peak)}`],
      ['Threads', process?.threads],
      ['Wire', process && `${bytes(process.sent)} out, ${bytes(process.received)} in`],
    ].filter(([, value]) => value !== undefined && value !== null && value !== '');
    fill(facts, rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, String(value))]));
    const runs = ['running', 'starting', 'silent', 'restarting'].includes(state.word);
    buttons.start.hidden = runs || state.final;
    buttons.stop.hidden = !runs;
    buttons.restart.hidden = !runs;
    buttons.check.hidden = state.word !== 'running';
    showHealth(entry.health);
  }

  function shown() {
    settings.load();
    capabilities.load();
  }

  return { element, update, shown };
}

/** What the plugin can do, asked whenever the tab is opened. */
function capabilitiesList(plugin) {
  const element = h('dl', { class: 'facts' });
  const line = (name, said) => [h('dt', {}, name), h('dd', {}, said)];

  async function load() {
    try {
      const found = Object.entries(await api.get(plugin, 'capabilities'));
      fill(element, found.flatMap(([name, value]) => line(name, value.unclear ? `unclear: ${value.unclear}` : value)));
    } catch (error) {
      fill(element, line('not known', error.message));
    }
  }

  return { element, load };
}

/** The data source's settings. Secrets can be set here, but never seen. */
function settingsForm(plugin) {
  const input = (name) => h('input', { id: `${name}-${plugin}`, spellcheck: 'false', autocomplete: 'off' });
  const url = input('url');
  const json = h('textarea', { id: `json-${plugin}`, rows: 6, spellcheck: 'false' }, '{}');
  const key = input('secret-key');
  const secret = h('input', { id: `secret-${plugin}`, type: 'password', autocomplete: 'off' });
  const message = h('p', { role: 'status', class: 'muted' });
  const field = (title, control, kind = '') => h('div', { class: `field ${kind}` }, h('label', { for: control.id }, title), control);
  const element = h(
    'form',
    { class: 'stack', onsubmit: save },
    field('URL', url, 'wide'),
    field('jsonData', json, 'wide'),
    h('div', { class: 'fields' }, field('Name of a secret', key), field('Its value', secret)),
    h('div', { class: 'toolbar' }, h('button', { type: 'submit' }, 'Apply'), message)
  );

  function show(settings) {
    url.value = settings.url ?? '';
    json.value = JSON.stringify(settings.jsonData ?? {}, null, 2);
    const names = settings.secrets?.length ? `secrets set: ${settings.secrets.join(', ')}` : 'no secrets set';
    message.textContent = `${names}; nothing is kept beyond this run`;
  }

  async function load() {
    try {
      show(await api.get(plugin, 'settings'));
    } catch (error) {
      message.textContent = error.message;
    }
  }

  async function save(event) {
    event.preventDefault();
    try {
      const wish = { url: url.value, jsonData: JSON.parse(json.value) };
      if (key.value) {
        wish.secureJsonData = { [key.value]: secret.value };
      }
      show(await api.put(plugin, 'settings', wish));
      secret.value = '';
      message.textContent = `applied; ${message.textContent}`;
    } catch (error) {
      message.textContent = error instanceof SyntaxError ? `jsonData is no JSON: ${error.message}` : error.message;
    }
  }

  return { element, load };
}

function metricsBox(plugin) {
  const output = h('div', {});
  const load = async () => {
    try {
      fill(output, h('pre', { tabindex: '0', 'aria-label': 'Metrics' }, await api.text(plugin, 'metrics')));
    } catch (error) {
      fill(output, h('p', { class: 'note bad', role: 'alert' }, error.message));
    }
  };
  return h('div', { class: 'stack' }, h('div', { class: 'toolbar' }, h('button', { type: 'button', onclick: load }, 'Read now')), output);
}
