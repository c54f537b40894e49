/**
 * The query editor of panels, Explore, annotations and alert rules.
 *
 * It checks no LogQL: what is wrong with an expression is told by the plugin, with the place in the text.
 */
import type { QueryEditorProps, SelectableValue } from '@grafana/data';
import { InlineField, InlineFieldRow, InlineSwitch, Input, RadioButtonGroup, TextArea } from '@grafana/ui';
import * as React from 'react';

import type { DataSource } from './datasource';
import { withStream } from './filters';
import { LabelRow } from './LabelRow';
import { liveAvailable } from './live';
import { givesLines, linesProblem, type Direction, type LogsQuery, type QueryType } from './query';
import type { LogsSettings } from './settings';

type Props = QueryEditorProps<DataSource, LogsQuery, LogsSettings>;

const DIRECTIONS: Array<SelectableValue<Direction>> = [
  { label: 'Newest', value: 'backward', description: 'The newest lines, if there are more than the limit' },
  { label: 'Oldest', value: 'forward', description: 'The oldest lines, if there are more than the limit' },
];
const TYPES: Array<SelectableValue<QueryType>> = [
  { label: 'Range', value: 'range', description: 'Numbers over the time range' },
  { label: 'Instant', value: 'instant', description: 'The numbers at the end of the time range' },
];

export function QueryEditor({ datasource, query, onChange, onRunQuery, app, range }: Props) {
  const answered = React.useRef(signature(query));
  const id = (part: string) => `graftwire-${part}-${query.refId}`;
  const run = () => {
    answered.current = signature(query);
    onRunQuery?.();
  };
  const runIfChanged = () => {
    if (signature(query) !== answered.current) {
      run();
    }
  };
  const changeAndRun = (changed: LogsQuery) => {
    answered.current = signature(changed);
    onChange(changed);
    onRunQuery?.();
  };
  const part: Part = { query, id, onChange, changeAndRun, runIfChanged, app };

  return (
    <div>
      <LabelRow
        id={id}
        names={() => datasource.labels(range)}
        values={(label) => datasource.values(label, range)}
        onPick={(label, value) => changeAndRun({ ...query, expr: withStream(query.expr ?? '', label, value) })}
      />
      <InlineFieldRow>
        <InlineField label="Expression" labelWidth={12} grow tooltip="LogQL. Shift+Enter runs it" htmlFor={id('expr')}>
          <TextArea
            id={id('expr')}
            aria-label="Expression"
            placeholder={'{job="varlogs"} |= "error"'}
            rows={Math.min(12, Math.max(2, (query.expr ?? '').split('\n').length))}
            spellCheck={false}
            style={{ fontFamily: 'monospace' }}
            value={query.expr ?? ''}
            onChange={(event) => onChange({ ...query, expr: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.shiftKey || event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                run();
              }
            }}
            onBlur={runIfChanged}
          />
        </InlineField>
      </InlineFieldRow>
      {givesLines(query.expr) || !query.expr?.trim() ? <OfLines {...part} /> : <OfNumbers {...part} />}
    </div>
  );
}

interface Part {
  query: LogsQuery;
  id: (part: string) => string;
  onChange: (query: LogsQuery) => void;
  changeAndRun: (query: LogsQuery) => void;
  runIfChanged: () => void;
  app?: string;
}

/** What matters to a query whose answer is lines. */
function OfLines({ query, id, onChange, changeAndRun, runIfChanged, app }: Part) {
  const [lines, setLines] = React.useState(() => (query.maxLines === undefined ? '' : String(query.maxLines)));
  const problem = linesProblem(lines);
  // Rules are evaluated by the server, which follows nothing.
  const alerting = app === 'unified-alerting' || app === 'cloud-alerting';
  return (
    <InlineFieldRow>
      <InlineField
        label="Line limit"
        labelWidth={12}
        invalid={Boolean(problem)}
        tooltip={problem ?? 'The most lines that are shown, 10000 at most'}
        htmlFor={id('lines')}
      >
        <Input
          id={id('lines')}
          width={12}
          placeholder="auto"
          inputMode="numeric"
          value={lines}
          onChange={(event) => {
            const text = event.currentTarget.value;
            setLines(text);
            if (!linesProblem(text)) {
              const { maxLines: _, ...others } = query;
              onChange(text.trim() === '' ? others : { ...others, maxLines: Number(text) });
            }
          }}
          onBlur={runIfChanged}
        />
      </InlineField>
      <InlineField label="First" labelWidth={12}>
        <RadioButtonGroup
          options={DIRECTIONS}
          value={query.direction ?? 'backward'}
          onChange={(direction) => changeAndRun({ ...query, direction })}
        />
      </InlineField>
      {liveAvailable() && !alerting ? (
        <InlineField label="Live" labelWidth={10} tooltip="New lines arrive as they are written" htmlFor={id('live')}>
          <InlineSwitch
            id={id('live')}
            value={Boolean(query.live)}
            onChange={(event) => changeAndRun({ ...query, live: event.currentTarget.checked })}
          />
        </InlineField>
      ) : null}
    </InlineFieldRow>
  );
}

/** What matters to a query whose answer is numbers. */
function OfNumbers({ query, id, onChange, changeAndRun, runIfChanged }: Part) {
  return (
    <InlineFieldRow>
      <InlineField label="Legend" labelWidth={12} tooltip="{{label}} stands for a label's value" htmlFor={id('legend')}>
        <Input
          id={id('legend')}
          width={28}
          placeholder="auto"
          value={query.legendFormat ?? ''}
          onChange={(event) => onChange({ ...query, legendFormat: event.currentTarget.value })}
          onBlur={runIfChanged}
        />
      </InlineField>
      <InlineField label="Step" labelWidth={12} tooltip="The distance of points, such as 1m" htmlFor={id('step')}>
        <Input
          id={id('step')}
          width={12}
          placeholder="auto"
          value={query.step ?? ''}
          onChange={(event) => onChange({ ...query, step: event.currentTarget.value })}
          onBlur={runIfChanged}
        />
      </InlineField>
      <InlineField label="Type" labelWidth={12}>
        <RadioButtonGroup
          options={TYPES}
          value={numbersType(query)}
          onChange={(queryType) => changeAndRun({ ...query, queryType })}
        />
      </InlineField>
    </InlineFieldRow>
  );
}

function numbersType(query: LogsQuery): QueryType {
  return query.queryType === 'instant' ? 'instant' : 'range';
}

/** What of a query changes its answer. */
function signature(query: LogsQuery): string {
  return JSON.stringify([query.expr, query.legendFormat, query.step, query.maxLines]);
}
