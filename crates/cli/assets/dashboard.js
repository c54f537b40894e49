// The dashboard tab: panels that a plugin ships as Grafana dashboards, or a plain page when it ships none.

import { api } from './api.js';
import { fill, h } from './dom.js';
import { panel } from './panel.js';
import { load } from './variables.js';
import { rangePicker } from './range.js';

/** A plugin that has just begun to collect is asked more often, so that its first charts don't stay empty. */
const YOUNG = 120_000;
const YOUNG_PAUSE = 3_000;
const REFRESH = [['off', 0], ['5s', 5000], ['10s', 10000], ['30s', 30000], ['1m', 60000], ['5m', 300000]];

/** The dashboards of one plugin. `uid` is its data source's, `inspect(plugin, queries)` opens the query box. */
export function dashboards(plugin, inspect) {
  const toolbar = h('div', { class: 'toolbar' });
  const body = h('div', { class: 'sections' });
  const element = h('div', { class: 'dashboard' }, toolbar, body);
  let panels = [];
  let variables = [];
  let dashboard;
  let timer;
  let seen;
  let since = 0;
  let generation = 0;

  const range = rangePicker({ id: `range-${plugin}`, from: 'now-1h', to: 'now' }, () => refresh());
  const every = h('select', { id: `every-${plugin}`, onchange: schedule }, REFRESH.map(([text, value]) => h('option', { value }, text)));

  async function open(number = 0) {
    const mine = ++generation;
    stop();
    fill(body, h('p', { class: 'muted empty' }, 'reading the dashboard'));
    try {
      const { dashboards: names } = await api.get(plugin, 'dashboards');
      if (names.length === 0) {
        fill(toolbar);
        fill(body, none());
        return;
      }
      dashboard = await api.get(plugin, `dashboards/${number}`);
      if (mine !== generation) {
        return;
      }
      range.set(dashboard.time?.from ?? 'now-1h', dashboard.time?.to ?? 'now');
      every.value = String(REFRESH.find(([text]) => text === dashboard.refresh)?.[1] ?? 30000);
      await reload();
      fill(toolbar, ...tools(names, number));
      schedule();
    } catch (error) {
      fill(body, h('p', { class: 'note bad', role: 'alert' }, error.message));
    }
  }

  /** Variables, then panels: what a panel asks depends on them. */
  async function reload() {
    variables = await load(plugin, dashboard, range.now());
    build();
  }

  function tools(names, number) {
    const choose = h('select', { id: `dashboard-${plugin}`, onchange: (event) => open(Number(event.target.value)) });
    choose.append(...names.map((name, index) => h('option', { value: index, selected: index === number }, name || `dashboard ${index + 1}`)));
    const shown = variables.filter((variable) => !variable.hidden);
    return [
      names.length > 1 ? labelled('Dashboard', choose) : h('h2', { class: 'toolbar-title' }, dashboard.title || names[0]),
      ...shown.map((variable) => labelled(variable.label, picker(variable), variable.problem)),
      range.element,
      labelled('Refresh', every),
      h('button', { type: 'button', onclick: () => refresh() }, 'Refresh now'),
    ];
  }

  function picker(variable) {
    const id = `var-${plugin}-${variable.name}`;
    const change = (event) => {
      variable.value = event.target.value;
      refresh();
    };
    if (variable.choices.length === 0) {
      return h('input', { id, value: variable.value, placeholder: 'no choices yet', onchange: change });
    }
    return h('select', { id, onchange: change }, variable.choices.map((choice) =>
      h('option', { value: choice, selected: choice === variable.value }, choice === '$__all' ? 'All' : choice)
    ));
  }

  /** Rows become sections; panels before the first row are a section without a title. */
  function build() {
    panels.forEach((one) => one.drawn.stop());
    panels = [];
    const sections = [{ title: '', collapsed: false, models: [] }];
    for (const model of sortedPanels(dashboard.panels ?? [])) {
      if (model.type === 'row') {
        sections.push({ title: model.title, collapsed: model.collapsed, models: [...(model.panels ?? [])] });
      } else {
        sections.at(-1).models.push(model);
      }
    }
    fill(body, ...sections.filter((section) => section.models.length > 0).map(section));
    refresh();
  }

  function section({ title, collapsed, models }) {
    const top = Math.min(...models.map((model) => model.gridPos?.y ?? 0));
    const grid = h('div', { class: 'grid' }, models.map((model) => place(model, top)));
    if (!title) {
      return grid;
    }
    const details = h('details', { class: 'section', open: !collapsed, ontoggle: () => refresh() }, h('summary', {}, h('h2', {}, title)), grid);
    return details;
  }

  function place(model, top) {
    const drawn = panel(model);
    const { x = 0, y = 0, w = 12, h: height = 8 } = model.gridPos ?? {};
    for (const [name, value] of [['--x', x + 1], ['--y', y - top + 1], ['--w', w], ['--h', height]]) {
      drawn.element.style.setProperty(name, value);
    }
    drawn.element.classList.add(w <= 4 ? 'size-s' : w <= 8 ? 'size-m' : w <= 12 ? 'size-l' : 'size-xl');
    panels.push({ drawn, model });
    return drawn.element;
  }

  function refresh() {
    // A page that nobody sees asks nothing.
    if (document.hidden || !element.isConnected || element.closest('[hidden]')) {
      return;
    }
    if (variables.some((variable) => variable.kind === 'query' && variable.choices.length === 0) && dashboard) {
      retryVariables();
    }
    const now = range.now();
    const values = variables.map((variable) => [variable.name, variable.value]);
    const key = JSON.stringify([now.from, now.to, values]);
    const context = { plugin, range: now, variables, key, inspect: (queries) => inspect(plugin, queries, now) };
    panels.filter(({ drawn }) => drawn.element.offsetParent !== null).forEach(({ drawn }) => drawn.refresh(context));
  }

  /** A plugin that has just begun may not know the choices of a variable yet. */
  async function retryVariables() {
    const again = await load(plugin, dashboard, range.now());
    if (again.some((variable) => variable.choices.length > 0)) {
      variables = again;
      const names = (await api.get(plugin, 'dashboards')).dashboards;
      fill(toolbar, ...tools(names, 0));
      refresh();
    }
  }

  function schedule() {
    clearTimeout(timer);
    const chosen = Number(every.value);
    const pause = Date.now() - since < YOUNG ? Math.min(chosen, YOUNG_PAUSE) : chosen;
    timer = chosen > 0 ? setTimeout(again, pause) : undefined;
  }

  function again() {
    refresh();
    schedule();
  }

  function stop() {
    clearTimeout(timer);
    panels.forEach(({ drawn }) => drawn.stop());
    panels = [];
  }

  /** Told of each change of the plugin: a process that is new is asked at once, and so are its live channels. */
  function plugged(state) {
    const process = state.word === 'running' ? state.pid : undefined;
    since = state.since ?? since;
    if (process !== undefined && process !== seen) {
      const first = seen === undefined;
      seen = process;
      if (dashboard && !first) {
        again();
      } else if (!dashboard) {
        open(0);
      }
    }
  }

  /** Goes on after `stop`. */
  function resume() {
    if (dashboard && panels.length === 0) {
      build();
      schedule();
    }
  }

  return { element, open, refresh, stop, resume, plugged };
}

function none() {
  return h(
    'div',
    { class: 'note' },
    h('p', {}, 'This plugin ships no dashboard.'),
    h('p', { class: 'muted' }, 'Its plugin.json may name some under "includes"; until then, use the query box.')
  );
}

export function labelled(text, control, problem) {
  return h(
    'div',
    { class: 'field' },
    h('label', { for: control.id }, text),
    control,
    problem && h('span', { class: 'field-problem', title: problem }, 'not known')
  );
}

function sortedPanels(panels) {
  const at = (panel) => panel.gridPos ?? { x: 0, y: 0 };
  return [...panels].sort((left, right) => at(left).y - at(right).y || at(left).x - at(right).x);
}
