// Stand-ins for what Grafana's pages register with the real @grafana/runtime: HTTP, templates, live streams.
//
// The data source's base class, its request bodies and its reading of answers are the real ones of each version.
'use strict';

exports.installServices = function installServices(runtime, rxjs) {
  const backend = new Backend(rxjs);
  const templates = new Templates();
  const live = new Live(rxjs);
  runtime.setBackendSrv(backend);
  runtime.setTemplateSrv(templates);
  runtime.setDataSourceSrv({ getInstanceSettings: () => undefined, get: async () => undefined, getList: () => [] });
  return {
    backend,
    templates,
    live,
    /** Grafana 7.5 has the service but no streams of data, later ones have both. */
    setLive: (present) => runtime.setGrafanaLiveSrv(present ? live : { isConnected: () => false }),
  };
};

/**
 * The body of an answered `/api/ds/query`, as a version's server writes it: 7.5 passes Arrow on, later ones send JSON.
 * `frames` are `{ fields: [{ name, type, labels, values }] }`.
 */
exports.queryAnswer = function queryAnswer(data, refId, frames) {
  if (data.grafanaDataFrameToArrowTable) {
    const arrow = (frame) => data.grafanaDataFrameToArrowTable(data.toDataFrame({ ...frame, refId }));
    const dataframes = frames.map((frame) => Buffer.from(arrow(frame).serialize()).toString('base64'));
    return { results: { [refId]: { refId, dataframes, series: null, tables: null } } };
  }
  const json = ({ fields }) => ({
    schema: { refId, fields: fields.map(({ values, ...field }) => field) },
    data: { values: fields.map((field) => field.values) },
  });
  return { results: { [refId]: { status: 200, frames: frames.map(json) } } };
};

/** The body of a query that failed, with the HTTP error around it. */
exports.queryFailure = function queryFailure(refId, message) {
  const data = { results: { [refId]: { error: message, refId, status: 400, frames: [] } }, message };
  return { status: 400, statusText: 'Bad Request', data };
};

/** Answers by path and keeps what was asked. */
class Backend {
  constructor(rxjs) {
    this.rxjs = rxjs;
    this.reset();
  }

  reset() {
    this.asked = [];
    this.answers = new Map();
  }

  /** `path` is the end of the URL before its parameters; `answer` is data or a function of the request. */
  on(path, answer) {
    this.answers.set(path, answer);
  }

  answer(request) {
    this.asked.push(request);
    const url = request.url.split('?')[0];
    for (const [path, answer] of this.answers) {
      if (url.endsWith(path)) {
        return typeof answer === 'function' ? answer(request) : answer;
      }
    }
    throw { status: 404, data: { message: `nothing answers ${url}` } };
  }

  fetch(request) {
    try {
      return this.rxjs.of({ data: this.answer(request), status: 200, ok: true });
    } catch (error) {
      return new this.rxjs.Observable((subscriber) => subscriber.error(error));
    }
  }

  /** How 7.5 asks for resources. */
  async get(url, params) {
    return this.answer({ url, params, method: 'GET' });
  }

  /** How 7.5 asks for health. */
  async request(request) {
    return this.answer(request);
  }
}

/** Knows `$name`, `${name}`, `${name:format}` and `[[name]]`, like the service of each version. */
class Templates {
  constructor() {
    this.variables = new Map();
  }

  set(name, value, options = {}) {
    this.variables.set(name, { value, variable: { name, ...options } });
  }

  replace(text, scopedVars = {}, format) {
    const pattern = /\$(\w+)|\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)\]\]/g;
    return (text ?? '').replace(pattern, (whole, plain, braced, own, square) => {
      const name = plain ?? braced ?? square;
      const scoped = scopedVars?.[name];
      const known = scoped ? { value: scoped.value, variable: {} } : this.variables.get(name);
      if (!known) {
        return whole;
      }
      if (typeof format === 'function' && !own) {
        return format(known.value, known.variable);
      }
      return Array.isArray(known.value) ? `{${known.value.join(',')}}` : String(known.value);
    });
  }

  getVariables() {
    return [...this.variables.values()].map(({ variable }) => variable);
  }

  containsTemplate(text) {
    return /\$|\[\[/.test(text ?? '');
  }
}

class Live {
  constructor(rxjs) {
    this.rxjs = rxjs;
    this.asked = [];
  }

  getDataStream(options) {
    this.asked.push(options);
    return this.rxjs.of({ data: [], state: 'Streaming', key: `live-${this.asked.length}` });
  }
}
