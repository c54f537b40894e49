/** Examples one can click, and the language in short. */
import type { QueryEditorHelpProps } from '@grafana/data';
import * as React from 'react';

import type { LogsQuery } from './query';

const EXAMPLES: Array<{ title: string; expr: string; note: string }> = [
  {
    title: 'Lines with a word',
    expr: '{job="varlogs"} |= "error"',
    note: '|= keeps lines with a text, != those without; |~ and !~ take a regular expression.',
  },
  {
    title: 'What services of this machine complain about',
    expr: '{job="journal", level=~"error|critical"}',
    note: 'Entries of the journal have the labels unit, identifier, transport, hostname and level.',
  },
  {
    title: 'Fields of JSON lines',
    expr: '{job="docker"} | json | status >= 500',
    note: 'Parsers: json, logfmt, regexp, pattern, unpack. What they find are labels.',
  },
  {
    title: 'Another look for a line',
    expr: '{job="varlogs"} | logfmt | line_format "{{.level}} {{.msg}}"',
    note: 'line_format writes lines anew, label_format labels.',
  },
  {
    title: 'How many lines, by level',
    expr: 'sum by (level) (count_over_time({job="journal"}[$__auto]))',
    note: 'Also rate, bytes_rate, bytes_over_time; sum, min, max, avg, count, topk by labels.',
  },
  {
    title: 'The five loudest files',
    expr: 'topk(5, sum by (filename) (bytes_rate({job="varlogs"}[$__auto])))',
    note: '$__auto is the distance of points, $__range the whole time range.',
  },
];

export function QueryHelp({ onClickExample }: QueryEditorHelpProps<LogsQuery>) {
  return (
    <div>
      <h2>LogQL over the logs of this machine</h2>
      {EXAMPLES.map(({ title, expr, note }) => (
        <div key={title} style={{ marginBottom: 16 }}>
          <h5>{title}</h5>
          <button
            type="button"
            style={{ background: 'none', border: 0, padding: 0, textAlign: 'left', whiteSpace: 'pre-wrap' }}
            onClick={() => onClickExample({ refId: 'A', expr })}
          >
            <code>{expr}</code>
          </button>
          <div>{note}</div>
        </div>
      ))}
    </div>
  );
}
