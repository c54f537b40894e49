// Reads frame JSON with the code of Grafana's own pages and prints what it read.
//
//   node judge-frames.mjs [--cell grafana-12.4] [file]      a file or stdin
//
// The input is the answer of /api/ds/query ({"results": …}), one frame ({"schema": …, "data": …}) or a list of frames
// (the packets of a live stream). The output for an answer is
//   {"state": "Done", "errors": [...], "results": {"A": {"status": 200, "frames": [{"name", "refId", "length", "meta", "fields": [...]}]}}}
// and for frames {"frames": [...]}. NaN, Infinity and -Infinity are printed as text. Exit code 2: the cell is not installed.
import { cellRequire, input, plainFrame, print } from './load/judge.mjs';

function judgeAnswer(answer, { dataFrameFromJSON }, { toDataQueryResponse }) {
  const results = {};
  for (const [refId, { frames, ...result }] of Object.entries(answer.results)) {
    results[refId] = { ...result, frames: (frames ?? []).map((frame) => plainFrame(dataFrameFromJSON(frame))) };
  }
  const queries = Object.keys(answer.results).map((refId) => ({ refId }));
  const response = toDataQueryResponse({ data: answer, status: 200, ok: true }, queries);
  return { state: response.state ?? 'Done', errors: response.errors ?? [], results };
}

const args = process.argv.slice(2);
const cellAt = args.indexOf('--cell');
const [cell] = cellAt >= 0 ? args.splice(cellAt, 2).slice(1) : ['grafana-12.4'];

const requireFromCell = cellRequire(cell);
const data = requireFromCell('@grafana/data');
const runtime = requireFromCell('@grafana/runtime');

const read = JSON.parse(input(args[0]).toString('utf8'));
if (read.results) {
  print(judgeAnswer(read, data, runtime));
} else {
  print({ frames: [read].flat().map((frame) => plainFrame(data.dataFrameFromJSON(frame))) });
}
