/** The list of files that are read. One row is one job: paths, how their lines are written, labels. */
import type { SelectableValue } from '@grafana/data';
import { Button, FieldValidationMessage, InlineField, InlineFieldRow, Input, RadioButtonGroup } from '@grafana/ui';
import * as React from 'react';

import { useDraft } from './draft';
import { readLabels, readPaths, writeLabels, writePaths, type Files, type Format } from './settings';

const FORMATS: Array<SelectableValue<Format>> = [
  { label: 'Text', value: 'text', description: 'A line each' },
  { label: 'Docker', value: 'docker', description: "Docker's json-file logs" },
];

interface Props {
  files?: Files[];
  disabled: boolean;
  onChange: (files: Files[] | undefined) => void;
}

export function FileJobs({ files, disabled, onChange }: Props) {
  const rows = files ?? [];
  return (
    <>
      <p>
        {files === undefined
          ? 'The usual files of /var/log are read. Add files to read others instead.'
          : 'Paths may hold *, ? and **. Rotated and packed files (.1, .gz, .zst) belong to the file they are of.'}
      </p>
      {rows.map((row, index) => (
        <Row
          key={index}
          number={index + 1}
          files={row}
          disabled={disabled}
          onChange={(changed) => onChange(rows.map((one, position) => (position === index ? changed : one)))}
          onRemove={() => {
            const left = rows.filter((_, position) => position !== index);
            onChange(left.length > 0 ? left : undefined);
          }}
        />
      ))}
      <Button
        type="button"
        variant="secondary"
        icon="plus"
        disabled={disabled}
        onClick={() => onChange([...rows, { job: '', paths: [] }])}
      >
        Add files
      </Button>
    </>
  );
}

interface RowProps {
  number: number;
  files: Files;
  disabled: boolean;
  onChange: (files: Files) => void;
  onRemove: () => void;
}

function Row({ number, files, disabled, onChange, onRemove }: RowProps) {
  const id = (part: string) => `graftwire-files-${number}-${part}`;
  const paths = useDraft<string[] | undefined>(files.paths, writePaths, readPaths, (read) =>
    onChange({ ...files, paths: read ?? [] })
  );
  const labels = useDraft(files.labels, writeLabels, readLabels, (read) => {
    const { labels: _, ...others } = files;
    onChange(read === undefined ? others : { ...others, labels: read });
  });
  const problem = paths.problem ?? labels.problem;
  return (
    <>
      <InlineFieldRow>
        <InlineField label="Job" labelWidth={8} tooltip="The label job of these lines" htmlFor={id('job')}>
          <Input
            id={id('job')}
            width={16}
            placeholder="app"
            disabled={disabled}
            value={files.job}
            onChange={(event) => onChange({ ...files, job: event.currentTarget.value })}
          />
        </InlineField>
        <InlineField label="Paths" labelWidth={8} grow invalid={Boolean(paths.problem)} htmlFor={id('paths')}>
          <Input
            id={id('paths')}
            placeholder="/var/log/app/*.log"
            spellCheck={false}
            disabled={disabled}
            value={paths.text}
            onChange={(event) => paths.type(event.currentTarget.value)}
          />
        </InlineField>
        <InlineField label="Lines" labelWidth={8}>
          <RadioButtonGroup
            options={FORMATS}
            value={files.format ?? 'text'}
            disabled={disabled}
            onChange={(format) => onChange({ ...files, format })}
          />
        </InlineField>
        <InlineField label="Labels" labelWidth={8} invalid={Boolean(labels.problem)} htmlFor={id('labels')}>
          <Input
            id={id('labels')}
            width={24}
            placeholder="env=prod"
            disabled={disabled}
            value={labels.text}
            onChange={(event) => labels.type(event.currentTarget.value)}
          />
        </InlineField>
        <Button
          type="button"
          variant="secondary"
          icon="trash-alt"
          aria-label={`Remove files ${number}`}
          disabled={disabled}
          onClick={onRemove}
        />
      </InlineFieldRow>
      {problem ? <FieldValidationMessage>{problem}</FieldValidationMessage> : null}
    </>
  );
}
