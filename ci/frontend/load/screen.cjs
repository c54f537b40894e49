// Draws a component into the page and acts on it as a person would: typing, choosing, clicking, leaving a field.
//
// Events go through the DOM, so that React's own handling is part of what is tested.
'use strict';

exports.makeScreen = function makeScreen(requireFromCell, React) {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;
  const client = rootMaker(requireFromCell);
  const act = React.act ?? requireFromCell('react-dom/test-utils').act;
  const { renderToStaticMarkup } = requireFromCell('react-dom/server');

  return {
    /** The first drawing as HTML, as text. */
    html: (element) => renderToStaticMarkup(element),
    /** Mounts `element`; a changed one is shown with `show`. */
    async mount(element) {
      const container = window.document.createElement('div');
      window.document.body.appendChild(container);
      const root = client(container);
      await act(async () => root.render(element));
      return new Screen(container, act, {
        show: (next) => act(async () => root.render(next)),
        close: async () => {
          await act(async () => root.unmount());
          container.remove();
        },
      });
    },
  };
};

/** React 17 draws with ReactDOM.render, later ones with a root. */
function rootMaker(requireFromCell) {
  const ReactDOM = requireFromCell('react-dom');
  if (ReactDOM.render && !ReactDOM.createRoot) {
    return (container) => ({
      render: (element) => ReactDOM.render(element, container),
      unmount: () => ReactDOM.unmountComponentAtNode(container),
    });
  }
  const { createRoot } = requireFromCell('react-dom/client');
  return (container) => createRoot(container);
}

class Screen {
  constructor(container, act, { show, close }) {
    Object.assign(this, { container, act, show, close });
  }

  /** The control that belongs to a label. */
  field(label) {
    const found = [...this.container.querySelectorAll('[data-field]')].find((one) => one.dataset.field === label);
    const control = found?.querySelector('input, textarea, select');
    if (!control) {
      throw new Error(`no field "${label}" in ${this.container.innerHTML}`);
    }
    return control;
  }

  has(label) {
    return [...this.container.querySelectorAll('[data-field]')].some((one) => one.dataset.field === label);
  }

  fields() {
    return [...this.container.querySelectorAll('[data-field]')].map((one) => one.dataset.field);
  }

  alerts() {
    return [...this.container.querySelectorAll('[role=alert]')].map((one) => one.textContent);
  }

  button(name) {
    const found = [...this.container.querySelectorAll('button')].find(
      (one) => one.textContent.trim() === name || one.getAttribute('aria-label') === name
    );
    if (!found) {
      throw new Error(`no button "${name}"`);
    }
    return found;
  }

  async type(label, text) {
    const control = this.field(label);
    await this.act(async () => {
      // React overrides `value` on the element; the prototype's setter is what typing does.
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(control), 'value').set.call(control, text);
      control.dispatchEvent(new window.Event(control.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }));
    });
  }

  async choose(label, option) {
    const group = this.field(label).closest('[data-field]');
    const radio = [...group.querySelectorAll('input[type=radio]')].find((one) => one.getAttribute('aria-label') === option);
    if (!radio) {
      throw new Error(`"${label}" has no option "${option}"`);
    }
    await this.click(radio);
  }

  async click(element) {
    await this.act(async () => element.dispatchEvent(new window.MouseEvent('click', { bubbles: true })));
  }

  async focus(label) {
    await this.act(async () => {
      this.field(label).dispatchEvent(new window.FocusEvent('focusin', { bubbles: true }));
      await new Promise((resolve) => setTimeout(resolve, 0));
    });
  }

  async leave(label) {
    await this.act(async () => this.field(label).dispatchEvent(new window.FocusEvent('focusout', { bubbles: true })));
  }

  async press(label, key, modifiers = {}) {
    const event = new window.KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...modifiers });
    await this.act(async () => this.field(label).dispatchEvent(event));
    return event;
  }
}
