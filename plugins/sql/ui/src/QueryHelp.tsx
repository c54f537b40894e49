/** Examples one can click, and the macros in short. */
import type { QueryEditorHelpProps } from '@grafana/data';
import * as React from 'react';

import type { QueryFormat, SqlQuery } from './query';

const EXAMPLES: Array<{ title: string; format: QueryFormat; sql: string; note: string }> = [
  {
    title: 'What is in the database',
    format: 'table',
    sql: 'SELECT name, type, sql FROM sqlite_schema ORDER BY name',
    note: 'Tables, views and indices, with the statements that made them.',
  },
  {
    title: 'A time series per host',
    format: 'time_series',
    sql: "SELECT $__timeGroupAlias(at, '$__interval'), host, avg(value) AS value\nFROM load\nWHERE $__timeFilter(at)\nGROUP BY 1, 2 ORDER BY 1",
    note: 'Times are texts such as 2026-01-31 12:00:00, or seconds since 1970.',
  },
  {
    title: 'Events per step, gaps filled with 0',
    format: 'time_series',
    sql: "SELECT $__unixEpochGroupAlias(at, '$__interval', 0), count(*) AS events\nFROM event\nWHERE $__unixEpochFilter(at)\nGROUP BY 1 ORDER BY 1",
    note: 'For a column of seconds since 1970; it can use an index.',
  },
  {
    title: 'Log lines',
    format: 'logs',
    sql: 'SELECT at AS time, message, level, unit FROM log WHERE $__timeFilter(at) ORDER BY at DESC LIMIT 1000',
    note: 'level colours the lines, other texts become labels.',
  },
  {
    title: 'Annotations',
    format: 'table',
    sql: 'SELECT at AS time, title AS text, tags FROM deployment WHERE $__timeFilter(at)',
    note: 'timeend makes a region; tags are separated by commas.',
  },
];

export function QueryHelp({ onClickExample }: QueryEditorHelpProps<SqlQuery>) {
  return (
    <div>
      <h2>SQL over SQLite</h2>
      {EXAMPLES.map(({ title, format, sql, note }) => (
        <div key={title} style={{ marginBottom: 16 }}>
          <h5>{title}</h5>
          <button
            type="button"
            style={{ background: 'none', border: 0, padding: 0, textAlign: 'left', whiteSpace: 'pre-wrap' }}
            onClick={() => onClickExample({ refId: 'A', rawSql: sql, format })}
          >
            <code>{sql}</code>
          </button>
          <div>{note}</div>
        </div>
      ))}
    </div>
  );
}
