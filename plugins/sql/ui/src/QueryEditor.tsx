/**
 * The query editor of panels, Explore, annotations and alert rules.
 *
 * It checks no SQL: what is wrong with a statement is told by the plugin, with the place in the text.
 */
import type { QueryEditorProps, SelectableValue } from '@grafana/data';
import { InlineField, InlineFieldRow, RadioButtonGroup, Select, TextArea } from '@grafana/ui';
import * as React from 'react';

import type { DataSource, Macro, Table } from './datasource';
import type { QueryFormat, SqlQuery } from './query';
import type { SqlSettings } from './settings';

type Props = QueryEditorProps<DataSource, SqlQuery, SqlSettings>;

const FORMATS: Array<SelectableValue<QueryFormat>> = [
  { label: 'Time series', value: 'time_series', description: 'A column named time, sorted; texts become labels' },
  { label: 'Table', value: 'table', description: 'The rows as they are' },
  { label: 'Logs', value: 'logs', description: 'A time and a text' },
];

export function QueryEditor({ datasource, query, onChange, onRunQuery }: Props) {
  const answered = React.useRef(query.rawSql);
  const caret = React.useRef<number | undefined>(undefined);
  const id = (part: string) => `graftwire-${part}-${query.refId}`;
  const sql = query.rawSql ?? '';

  const run = () => {
    answered.current = query.rawSql;
    onRunQuery?.();
  };
  const changeAndRun = (changed: SqlQuery) => {
    answered.current = changed.rawSql;
    onChange(changed);
    onRunQuery?.();
  };
  const insert = (text: string) => {
    const at = Math.min(caret.current ?? sql.length, sql.length);
    onChange({ ...query, rawSql: sql.slice(0, at) + text + sql.slice(at) });
  };

  return (
    <div>
      <InlineFieldRow>
        <InlineField label="Format" labelWidth={12}>
          <RadioButtonGroup
            options={FORMATS}
            // Saved queries without a format are time series to the plugin.
            value={query.format ?? 'time_series'}
            onChange={(format) => changeAndRun({ ...query, format })}
          />
        </InlineField>
        <InlineField label="Table" labelWidth={10} tooltip="Looks at a table, or puts its name into the SQL" htmlFor={id('table')}>
          <Picker<Table>
            inputId={id('table')}
            label="Table"
            load={() => datasource.tables()}
            option={({ name, type }) => ({ label: name, value: name, description: type })}
            onPick={(name) =>
              sql.trim() === ''
                ? changeAndRun({ ...query, rawSql: `SELECT * FROM ${quoted(name)} LIMIT 100`, format: 'table' })
                : insert(quoted(name))
            }
          />
        </InlineField>
        <InlineField label="Macro" labelWidth={10} tooltip="Puts a macro into the SQL" htmlFor={id('macro')}>
          <Picker<Macro>
            inputId={id('macro')}
            label="Macro"
            load={() => datasource.macros()}
            option={(macro) => ({ label: written(macro), value: written(macro), description: macro.help })}
            onPick={insert}
          />
        </InlineField>
      </InlineFieldRow>
      <InlineFieldRow>
        <InlineField label="SQL" labelWidth={12} grow tooltip="One SELECT. Shift+Enter runs it" htmlFor={id('sql')}>
          <TextArea
            id={id('sql')}
            aria-label="SQL"
            placeholder="SELECT at AS time, host, value FROM load WHERE $__timeFilter(at) ORDER BY at"
            rows={Math.min(20, Math.max(4, sql.split('\n').length))}
            spellCheck={false}
            style={{ fontFamily: 'monospace' }}
            value={sql}
            onChange={(event) => onChange({ ...query, rawSql: event.currentTarget.value })}
            onSelect={(event) => (caret.current = event.currentTarget.selectionEnd)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.shiftKey || event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                run();
              }
            }}
            onBlur={() => {
              if (query.rawSql !== answered.current) {
                run();
              }
            }}
          />
        </InlineField>
      </InlineFieldRow>
    </div>
  );
}

interface PickerProps<T> {
  inputId: string;
  label: string;
  load: () => Promise<T[]>;
  option: (item: T) => SelectableValue<string>;
  onPick: (value: string) => void;
}

/** A list that is loaded when it is opened, and shows why if it can't be. */
function Picker<T>({ inputId, label, load, option, onPick }: PickerProps<T>) {
  const [options, setOptions] = React.useState<Array<SelectableValue<string>>>([]);
  const [state, setState] = React.useState<{ loading?: boolean; problem?: string }>({});

  const open = () => {
    if (state.loading) {
      return;
    }
    setState({ loading: true });
    load().then(
      (items) => {
        setOptions(items.map(option));
        setState({});
      },
      (error: { data?: { message?: string }; message?: string }) =>
        setState({ problem: error?.data?.message ?? error?.message ?? 'the plugin did not answer' })
    );
  };

  return (
    <Select<string>
      aria-label={label}
      inputId={inputId}
      width={24}
      options={options}
      value={null}
      placeholder="choose"
      isLoading={Boolean(state.loading)}
      noOptionsMessage={state.problem ?? 'none'}
      onOpenMenu={open}
      onChange={(picked) => picked?.value && onPick(picked.value)}
    />
  );
}

/** A name as SQL needs it. */
export function quoted(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `"${name.replace(/"/g, '""')}"`;
}

/** A macro with its arguments: `$__timeGroup(column, '5m')`. */
function written(macro: Macro): string {
  const names = macro.arguments.filter((name) => !name.endsWith('?'));
  const values = names.map((name) => (name === 'interval' ? "'$__interval'" : name));
  return values.length > 0 ? `${macro.name}(${values.join(', ')})` : macro.name;
}
