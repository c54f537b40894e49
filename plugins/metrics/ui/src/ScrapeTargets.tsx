/** The list of targets whose `/metrics` pages the plugin reads besides this machine. One row is one target. */
import { Button, FieldValidationMessage, InlineField, InlineFieldRow, Input } from '@grafana/ui';
import * as React from 'react';

import { useDraft } from './draft';
import {
  INTERVAL_SECONDS,
  readLabels,
  readNumber,
  targetProblem,
  writeLabels,
  type ScrapeTarget,
} from './settings';

interface Props {
  targets: ScrapeTarget[];
  disabled: boolean;
  onChange: (targets: ScrapeTarget[]) => void;
}

export function ScrapeTargets({ targets, disabled, onChange }: Props) {
  const replace = (index: number, target: ScrapeTarget) =>
    onChange(targets.map((one, position) => (position === index ? target : one)));
  const without = (index: number) => targets.filter((_, position) => position !== index);

  return (
    <>
      <p>
        Anything that offers metrics in the Prometheus text format: a node_exporter, an application, a printer. Each target
        is read at its interval and its series get the labels job and instance.
      </p>
      {targets.map((target, index) => (
        <Row
          key={index}
          number={index + 1}
          target={target}
          problem={targetProblem(target, without(index))}
          disabled={disabled}
          onChange={(changed) => replace(index, changed)}
          onRemove={() => onChange(without(index))}
        />
      ))}
      <Button
        type="button"
        variant="secondary"
        icon="plus"
        disabled={disabled}
        onClick={() => onChange([...targets, { job: '', url: '' }])}
      >
        Add target
      </Button>
    </>
  );
}

interface RowProps {
  number: number;
  target: ScrapeTarget;
  problem?: string;
  disabled: boolean;
  onChange: (target: ScrapeTarget) => void;
  onRemove: () => void;
}

function Row({ number, target, problem, disabled, onChange, onRemove }: RowProps) {
  const id = (part: string) => `graftwire-target-${number}-${part}`;
  const interval = useDraft(
    target.intervalSeconds,
    (seconds) => (seconds === undefined ? '' : String(seconds)),
    (text) => readNumber(text, INTERVAL_SECONDS),
    (intervalSeconds) => onChange(compact({ ...target, intervalSeconds }))
  );
  const labels = useDraft(target.labels, writeLabels, readLabels, (read) =>
    onChange(compact({ ...target, labels: read }))
  );
  // A row that was just added is empty, not wrong.
  const untouched = target.job === '' && target.url === '';
  const shown = (untouched ? undefined : problem) ?? interval.problem ?? labels.problem;

  return (
    <div style={{ marginBottom: 8 }}>
      <InlineFieldRow>
        <InlineField label="Job" labelWidth={8} disabled={disabled} tooltip="Value of the label job" htmlFor={id('job')}>
          <Input
            id={id('job')}
            width={18}
            placeholder="node"
            value={target.job}
            onChange={(event) => onChange({ ...target, job: event.currentTarget.value })}
          />
        </InlineField>
        <InlineField label="URL" labelWidth={8} disabled={disabled} htmlFor={id('url')}>
          <Input
            id={id('url')}
            width={42}
            placeholder="http://127.0.0.1:9100/metrics"
            spellCheck={false}
            value={target.url}
            onChange={(event) => onChange({ ...target, url: event.currentTarget.value.trim() })}
          />
        </InlineField>
        <InlineField
          label="Every"
          labelWidth={10}
          disabled={disabled}
          invalid={Boolean(interval.problem)}
          tooltip="Seconds between two reads. Empty: the interval of this machine"
          htmlFor={id('interval')}
        >
          <Input
            id={id('interval')}
            width={10}
            placeholder="default"
            inputMode="numeric"
            value={interval.text}
            onChange={(event) => interval.type(event.currentTarget.value)}
          />
        </InlineField>
        <InlineField
          label="Labels"
          labelWidth={10}
          disabled={disabled}
          invalid={Boolean(labels.problem)}
          tooltip="Added to each series of this target, such as room=lab, rack=2"
          htmlFor={id('labels')}
        >
          <Input
            id={id('labels')}
            width={26}
            placeholder="room=lab, rack=2"
            spellCheck={false}
            value={labels.text}
            onChange={(event) => labels.type(event.currentTarget.value)}
          />
        </InlineField>
        <Button
          type="button"
          variant="secondary"
          icon="trash-alt"
          aria-label={`Remove target ${number}`}
          disabled={disabled}
          onClick={onRemove}
        />
      </InlineFieldRow>
      {shown && <FieldValidationMessage>{shown}</FieldValidationMessage>}
    </div>
  );
}

/** Without keys that have no value, so that saved settings hold only what was set. */
function compact(target: ScrapeTarget): ScrapeTarget {
  const { job, url, intervalSeconds, labels } = target;
  return { job, url, ...(intervalSeconds === undefined ? {} : { intervalSeconds }), ...(labels ? { labels } : {}) };
}
