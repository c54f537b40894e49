/**
 * The query editor of panels, Explore, annotations and alert rules.
 *
 * It checks no PromQL: what is wrong with an expression is told by the plugin, with the place in the text.
 */
import type { QueryEditorProps, SelectableValue } from '@grafana/data';
import { InlineField, InlineFieldRow, InlineSwitch, Input, RadioButtonGroup, TextArea } from '@grafana/ui';
import * as React from 'react';

import type { DataSource } from './datasource';
import { liveAvailable } from './live';
import { insertMetric, MetricSelect, type Caret } from './MetricSelect';
import { queryKind, stepProblem, withKind, type MetricsQuery, type QueryFormat, type QueryKind } from './query';
import type { MetricsSettings } from './settings';

type Props = QueryEditorProps<DataSource, MetricsQuery, MetricsSettings>;

const KINDS: Array<SelectableValue<QueryKind>> = [
  { label: 'Range', value: 'range', description: 'Values over the time range' },
  { label: 'Instant', value: 'instant', description: 'The values at the end of the time range' },
  { label: 'Both', value: 'both', description: 'A graph and a table' },
];
const FORMATS: Array<SelectableValue<QueryFormat>> = [
  { label: 'Time series', value: 'time_series' },
  { label: 'Table', value: 'table' },
];

export function QueryEditor({ datasource, query, onChange, onRunQuery, app, range }: Props) {
  const caret = React.useRef<Caret | undefined>(undefined);
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
  const changeAndRun = (changed: MetricsQuery) => {
    answered.current = signature(changed);
    onChange(changed);
    onRunQuery?.();
  };
  const problem = stepProblem(query.interval);

  return (
    <div>
      <InlineFieldRow>
        <InlineField label="Metric" labelWidth={12} tooltip="Puts a metric's name into the expression" htmlFor={id('metric')}>
          <MetricSelect
            inputId={id('metric')}
            load={() => datasource.metrics(range)}
            onPick={(metric) => {
              const expr = insertMetric(query.expr ?? '', metric, caret.current);
              changeAndRun({ ...query, expr });
            }}
          />
        </InlineField>
      </InlineFieldRow>
      <InlineFieldRow>
        <InlineField label="Expression" labelWidth={12} grow tooltip="PromQL. Shift+Enter runs it" htmlFor={id('expr')}>
          <TextArea
            id={id('expr')}
            aria-label="Expression"
            placeholder="rate(node_cpu_seconds_total[$__rate_interval])"
            rows={Math.min(12, Math.max(2, (query.expr ?? '').split('\n').length))}
            spellCheck={false}
            style={{ fontFamily: 'monospace' }}
            value={query.expr ?? ''}
            onChange={(event) => onChange({ ...query, expr: event.currentTarget.value })}
            onSelect={(event) => {
              const { selectionStart: start, selectionEnd: end } = event.currentTarget;
              caret.current = { start, end };
            }}
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
        <InlineField
          label="Min step"
          labelWidth={12}
          invalid={Boolean(problem)}
          tooltip={problem ?? 'Lower bound of the distance between two points, such as 15s or $interval'}
          htmlFor={id('step')}
        >
          <Input
            id={id('step')}
            width={12}
            placeholder="auto"
            value={query.interval ?? ''}
            onChange={(event) => onChange({ ...query, interval: event.currentTarget.value })}
            onBlur={runIfChanged}
          />
        </InlineField>
        <InlineField label="Format" labelWidth={12}>
          <RadioButtonGroup
            options={FORMATS}
            value={query.format ?? 'time_series'}
            onChange={(format) => changeAndRun({ ...query, format })}
          />
        </InlineField>
        <InlineField label="Type" labelWidth={12}>
          <RadioButtonGroup
            options={KINDS}
            value={queryKind(query)}
            onChange={(kind) => changeAndRun(withKind(query, kind))}
          />
        </InlineField>
        {canFollow(query, app) ? (
          <InlineField label="Live" labelWidth={10} tooltip="New samples arrive each second" htmlFor={id('live')}>
            <InlineSwitch
              id={id('live')}
              value={Boolean(query.live)}
              onChange={(event) => changeAndRun({ ...query, live: event.currentTarget.checked })}
            />
          </InlineField>
        ) : null}
      </InlineFieldRow>
    </div>
  );
}

/** Rules are evaluated by the server and an instant has no next sample, so neither offers it. */
function canFollow(query: MetricsQuery, app: string | undefined): boolean {
  const alerting = app === 'unified-alerting' || app === 'cloud-alerting';
  return liveAvailable() && !alerting && queryKind(query) !== 'instant';
}

/** What of a query changes its answer. */
function signature(query: MetricsQuery): string {
  return JSON.stringify([query.expr, query.legendFormat, query.interval]);
}
