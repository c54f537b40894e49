// Loads a module.js the way Grafana's pages do: SystemJS 0.20 up to Grafana 9, SystemJS 6 with a script tag since 12.
//
// Both hand the plugin the shared libraries by name; neither transforms the plugin's code.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

/** SystemJS 0.20, with the settings of Grafana 7.5: shared libraries are registered modules, plugins read as they are. */
exports.loadWithSystem020 = async function loadWithSystem020(requireFromCell, shared, file) {
  const SystemJS = requireFromCell('systemjs');
  SystemJS.config({ meta: { '*': { esModule: true } } });
  for (const [name, library] of Object.entries(shared)) {
    SystemJS.registerDynamic(name, [], true, (_require, _exports, module) => {
      module.exports = library;
    });
  }
  return SystemJS.import(pathToFileURL(file).href);
};

/** SystemJS 6 inside the page: an import map for the shared libraries, and a script tag for the plugin. */
exports.loadWithSystem6 = async function loadWithSystem6(cellDir, dom, shared, file) {
  const { window } = dom;
  for (const part of ['system.js', 'extras/amd.js', 'extras/named-register.js']) {
    window.eval(fs.readFileSync(path.join(cellDir, 'node_modules/systemjs/dist', part), 'utf8'));
  }
  const imports = {};
  for (const [name, library] of Object.entries(shared)) {
    imports[name] = `app:${name}`;
    window.System.set(`app:${name}`, { ...library, default: library.default ?? library });
  }
  window.System.addImportMap({ imports });
  return window.System.import(`http://localhost/public/plugins/${path.basename(path.dirname(file))}/module.js`);
};

/** What jsdom needs to run script tags, and the one file it may fetch. */
exports.scriptPage = function scriptPage(requireFromCell, file) {
  const { ResourceLoader } = requireFromCell('jsdom');
  class OneFile extends ResourceLoader {
    fetch(url) {
      return url.endsWith('/module.js') ? Promise.resolve(fs.readFileSync(file)) : null;
    }
  }
  return { runScripts: 'dangerously', resources: new OneFile() };
};
