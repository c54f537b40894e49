/** Examples one can click, over metrics that each machine has. */
import type { QueryEditorHelpProps } from '@grafana/data';
import * as React from 'react';

import type { MetricsQuery } from './query';

const EXAMPLES = [
  {
    title: 'How busy the processors are',
    expr: '1 - avg(rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))',
    note: 'The share of time that was not idle, 0 to 1.',
  },
  {
    title: 'Memory in use',
    expr: 'node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes',
    note: 'Bytes that could not be given to another program at once.',
  },
  {
    title: 'How full the file systems are',
    expr: '1 - node_filesystem_avail_bytes / node_filesystem_size_bytes',
    note: 'One series per file system, 0 to 1.',
  },
  {
    title: 'Network traffic per interface',
    expr: 'rate(node_network_receive_bytes_total{device!="lo"}[$__rate_interval])',
    note: 'Bytes received each second.',
  },
  {
    title: 'When a disk will be full',
    expr: 'predict_linear(node_filesystem_avail_bytes[6h], 86400) < 0',
    note: 'File systems that run full within a day at the pace of the last six hours.',
  },
];

export function QueryHelp({ onClickExample }: QueryEditorHelpProps<MetricsQuery>) {
  return (
    <div>
      <h2>PromQL over this machine</h2>
      {EXAMPLES.map(({ title, expr, note }) => (
        <div key={title} style={{ marginBottom: 16 }}>
          <h5>{title}</h5>
          <button
            type="button"
            style={{ background: 'none', border: 0, padding: 0, textAlign: 'left' }}
            onClick={() => onClickExample({ refId: 'A', expr, range: true, instant: false })}
          >
            <code>{expr}</code>
          </button>
          <div>{note}</div>
        </div>
      ))}
    </div>
  );
}
