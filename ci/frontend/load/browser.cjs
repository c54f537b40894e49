// Gives Node what the packages of Grafana touch of a browser while they load, from jsdom.
//
// Only what was found necessary: a page that pretended to more (such as animation frames by timer) keeps Node alive.
'use strict';

const FROM_WINDOW = [
  'document', 'navigator', 'location', 'localStorage', 'sessionStorage', 'Node', 'Element', 'HTMLElement',
  'HTMLIFrameElement', 'DOMParser', 'MutationObserver', 'getComputedStyle', 'Event', 'CustomEvent',
];

/** Installs the globals; `pageOptions` go to jsdom. */
exports.installBrowser = function installBrowser(requireFromCell, pageOptions = {}) {
  const { JSDOM } = requireFromCell('jsdom');
  const page = '<!doctype html><html><head></head><body></body></html>';
  const dom = new JSDOM(page, { url: 'http://localhost/', ...pageOptions });
  const { window } = dom;
  globalThis.window = window;
  for (const name of FROM_WINDOW) {
    Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
  }
  const query = { matches: false, addListener() {}, removeListener() {}, addEventListener() {}, removeEventListener() {} };
  window.matchMedia ??= () => query;
  window.requestAnimationFrame ??= (callback) => setTimeout(callback, 16);
  window.cancelAnimationFrame ??= clearTimeout;
  // Grafana's page sets this before any script runs.
  window.grafanaBootData = { settings: { buildInfo: { version: '0.0.0' }, featureToggles: {} }, user: {}, navTree: [] };
  return dom;
};
