/** A list of the store's metrics with their descriptions; picking one puts it into the expression. */
import type { SelectableValue } from '@grafana/data';
import { Select } from '@grafana/ui';
import * as React from 'react';

import type { Metric } from './datasource';

/** The marked part of the expression. */
export interface Caret {
  start: number;
  end: number;
}

interface Props {
  inputId: string;
  load: () => Promise<Metric[]>;
  onPick: (metric: Metric) => void;
}

export function MetricSelect({ inputId, load, onPick }: Props) {
  const [metrics, setMetrics] = React.useState<Metric[]>([]);
  const [state, setState] = React.useState<{ loading: boolean; problem?: string }>({ loading: false });

  // Asked anew each time the list opens: a machine's metrics come and go.
  const open = () => {
    setState({ loading: true });
    load().then(
      (found) => {
        setMetrics(found);
        setState({ loading: false });
      },
      (error: unknown) => setState({ loading: false, problem: reason(error) })
    );
  };

  return (
    <Select
      inputId={inputId}
      aria-label="Metric"
      width={48}
      placeholder="Pick a metric"
      options={metrics.map(option)}
      value={null}
      isLoading={state.loading}
      noOptionsMessage={state.problem ?? 'no metrics in this time range'}
      onOpenMenu={open}
      onChange={({ value }) => {
        const metric = metrics.find((one) => one.name === value);
        if (metric) {
          onPick(metric);
        }
      }}
    />
  );
}

function option(metric: Metric): SelectableValue<string> {
  const description = [metric.type, metric.help].filter(Boolean).join(': ');
  return description ? { label: metric.name, value: metric.name, description } : { label: metric.name, value: metric.name };
}

/** The expression with the metric at the caret; an empty one becomes the query one would ask of this kind of metric. */
export function insertMetric(expr: string, metric: Metric, caret?: Caret): string {
  if (!expr.trim()) {
    return metric.type === 'counter' ? `rate(${metric.name}[$__rate_interval])` : metric.name;
  }
  const { start, end } = caret ?? { start: expr.length, end: expr.length };
  return expr.slice(0, start) + metric.name + expr.slice(end);
}

/** Grafana rejects with an object that holds the server's answer. */
function reason(error: unknown): string {
  const { data, message, statusText } = (error ?? {}) as {
    data?: { message?: string; error?: string };
    message?: string;
    statusText?: string;
  };
  return data?.error ?? data?.message ?? message ?? statusText ?? 'the metrics could not be loaded';
}
