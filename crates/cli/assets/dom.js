// Elements in one call, and small tools around them. Text only ever becomes text nodes: nothing that a plugin sends
// is read as HTML.

/**
 * An element: `h('button', { class: 'quiet', onclick: run }, 'Run')`. Functions become listeners or properties,
 * `null`, `undefined` and `false` are left out, `true` gives an attribute without a value.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (typeof value === 'function') {
      element.addEventListener(name.slice(2), value);
    } else {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Puts new children into an element; those that are there already keep their state. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
}

/** Sets an element's text, touching it only when it differs, so that selections and screen readers are left alone. */
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

const colors = new Map();
document.addEventListener('themechange', () => colors.clear());

/** A colour of the current theme as `rgb(…)`, for canvases: only an element knows which one counts. */
export function token(name) {
  if (!colors.has(name)) {
    const probe = h('span', { hidden: true });
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    colors.set(name, getComputedStyle(probe).color);
    probe.remove();
  }
  return colors.get(name);
}

/**
 * A row of tabs: arrow keys move between them, the tab key leaves the row. `choose` is called with the key of the
 * tab that was chosen by a person.
 */
export function tabs(label, items, choose) {
  const buttons = items.map(({ key, title, controls }) =>
    h('button', { type: 'button', role: 'tab', 'data-key': key, 'aria-controls': controls, onclick: () => choose(key) }, title)
  );
  const row = h('div', { role: 'tablist', class: 'tabs', 'aria-label': label, onkeydown: move }, buttons);
  function move(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const from = buttons.indexOf(document.activeElement);
    let to = event.key === 'Home' ? 0 : event.key === 'End' ? buttons.length - 1 : -1;
    if (step !== undefined && from >= 0) {
      to = (from + step + buttons.length) % buttons.length;
    }
    if (to >= 0) {
      event.preventDefault();
      buttons[to].focus();
      choose(buttons[to].dataset.key);
    }
  }
  row.select = (key) => {
    for (const button of buttons) {
      const chosen = button.dataset.key === key;
      button.setAttribute('aria-selected', String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
  };
  return row;
}

/** Runs a function once per turn, however often it was wanted. */
export function debounce(work, milliseconds) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), milliseconds);
  };
}
