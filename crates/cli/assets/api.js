// Requests to the workbench's JSON API. A request that fails is an `ApiError` with what the server said.

export class ApiError extends Error {
  constructor(message, status, details = {}) {
    super(message);
    this.status = status;
    this.code = details.error?.code;
    this.source = details.error?.source;
    this.wire = details.wire;
  }
}

async function request(method, path, body, signal) {
  const options = { method, signal, headers: {} };
  if (body !== undefined) {
    options.headers['content-type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') {
      throw error;
    }
    throw new ApiError('the workbench does not answer; is it still running?', 0);
  }
  const text = await response.text();
  if (!response.ok) {
    let details = {};
    try {
      details = JSON.parse(text);
    } catch {
      // Plugins answer resource calls with whatever they like.
    }
    throw new ApiError(details.error?.message ?? (text || response.statusText), response.status, details);
  }
  return text;
}

/** Integers that a JavaScript number can't hold stay exact as BigInt, where the browser tells their text. */
export function parseJson(text) {
  if (!/[[,:]\s*-?\d{16,}/.test(text)) {
    return JSON.parse(text);
  }
  return JSON.parse(text, (key, value, context) => {
    const exact = typeof value !== 'number' || Number.isSafeInteger(value) || !context?.source;
    return exact || !/^-?\d+$/.test(context.source) ? value : BigInt(context.source);
  });
}

const pluginPath = (id, rest) => `/api/plugins/${encodeURIComponent(id)}/${rest}`;

export const api = {
  get: async (id, rest, signal) => JSON.parse(await request('GET', pluginPath(id, rest), undefined, signal)),
  text: (id, rest) => request('GET', pluginPath(id, rest)),
  post: async (id, rest, body) => JSON.parse(await request('POST', pluginPath(id, rest), body ?? {})),
  put: async (id, rest, body) => JSON.parse(await request('PUT', pluginPath(id, rest), body)),
  /** Runs queries; gives the parsed answer, its text, and the time it took as seen from here. */
  query: async (id, body, signal) => {
    const begun = performance.now();
    const text = await request('POST', pluginPath(id, 'query'), body, signal);
    const { wire, response } = parseJson(text);
    return { wire, response, text, millis: performance.now() - begun };
  },
};
