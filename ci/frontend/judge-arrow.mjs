// Reads Arrow frames with the code of Grafana 7.5's pages (the last that decode Arrow themselves) and prints what it read.
//
//   node judge-arrow.mjs [file…]      files or stdin
//
// Each input is an Arrow file (ARROW1 …), the same as base64 text, or the answer of Grafana 7.5's /api/ds/query, whose
// frames are base64. The output is {"frames": [...]} as of judge-frames.mjs. What this reader cannot show: 64-bit
// integers lose precision beyond 2^53, JSON columns come out as bytes, times are cut to milliseconds.
// Exit code 2: the cell is not installed.
import { cellRequire, input, plainFrame, print } from './load/judge.mjs';

/** The frames of one input, each as base64. */
function encoded(bytes) {
  if (bytes.subarray(0, 6).toString('latin1') === 'ARROW1') {
    return [bytes.toString('base64')];
  }
  const text = bytes.toString('utf8').trim();
  if (text.startsWith('{')) {
    return Object.values(JSON.parse(text).results).flatMap((result) => result.dataframes ?? []);
  }
  return text.split(/\s+/);
}

const requireFromCell = cellRequire('grafana-7.5');
const { arrowTableToDataFrame, base64StringToArrowTable } = requireFromCell('@grafana/data');
const files = process.argv.length > 2 ? process.argv.slice(2) : ['-'];
const frames = files
  .flatMap((file) => encoded(input(file)))
  .map((base64) => plainFrame(arrowTableToDataFrame(base64StringToArrowTable(base64))));
print({ frames });
