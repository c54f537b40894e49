/**
 * The settings form: the database's path, and limits that have defaults.
 *
 * Saving, testing and permissions are Grafana's own.
 */
import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { Field, FieldSet, InlineSwitch, Input } from '@grafana/ui';
import * as React from 'react';

import { useDraft } from './draft';
import {
  BUSY_SECONDS,
  CELL_MEGABYTES,
  QUERY_SECONDS,
  readNumber,
  readPath,
  ROWS,
  type Bounds,
  type SqlSettings,
} from './settings';

type Props = DataSourcePluginOptionsEditorProps<SqlSettings>;

export function ConfigEditor({ options, onOptionsChange }: Props) {
  const settings: SqlSettings = options.jsonData ?? {};
  const set = <K extends keyof SqlSettings>(key: K, value: SqlSettings[K]) => {
    const jsonData = { ...settings, [key]: value };
    if (value === undefined) {
      delete jsonData[key];
    }
    onOptionsChange({ ...options, jsonData });
  };
  const disabled = Boolean(options.readOnly);

  return (
    <>
      <FieldSet label="Database">
        <Path value={settings.path} disabled={disabled} onChange={(path) => set('path', path)} />
        <Field
          label="Immutable"
          description="Nobody writes to the file: no locks are taken and no files beside it are read. For read-only disks."
          htmlFor="graftwire-immutable"
          disabled={disabled}
        >
          <InlineSwitch
            id="graftwire-immutable"
            value={Boolean(settings.immutable)}
            disabled={disabled}
            onChange={(event) => set('immutable', event.currentTarget.checked || undefined)}
          />
        </Field>
      </FieldSet>
      <FieldSet label="Limits">
        <NumberField
          id="graftwire-timeout"
          label="Query timeout"
          unit="seconds"
          description="A statement that takes longer is stopped; what it gave so far is shown. Default 30."
          value={settings.queryTimeoutSeconds}
          bounds={QUERY_SECONDS}
          disabled={disabled}
          onChange={(seconds) => set('queryTimeoutSeconds', seconds)}
        />
        <NumberField
          id="graftwire-busy"
          label="Wait for locks"
          unit="seconds"
          description="How long a database that another program holds is waited for. Default 2."
          value={settings.busyTimeoutSeconds}
          bounds={BUSY_SECONDS}
          disabled={disabled}
          onChange={(seconds) => set('busyTimeoutSeconds', seconds)}
        />
        <NumberField
          id="graftwire-rows"
          label="Row limit"
          unit="rows"
          description="Rows of one answer, if fewer than Grafana's own limit."
          value={settings.rowLimit}
          bounds={ROWS}
          disabled={disabled}
          onChange={(rows) => set('rowLimit', rows)}
        />
        <NumberField
          id="graftwire-cell"
          label="Largest cell"
          unit="MB"
          description="The largest text or blob. Default 16."
          value={settings.maxCellMegabytes}
          bounds={CELL_MEGABYTES}
          disabled={disabled}
          onChange={(megabytes) => set('maxCellMegabytes', megabytes)}
        />
      </FieldSet>
    </>
  );
}

interface PathProps {
  value?: string;
  disabled: boolean;
  onChange: (path: string | undefined) => void;
}

function Path({ value, disabled, onChange }: PathProps) {
  const draft = useDraft(value, (path) => path ?? '', readPath, onChange);
  return (
    <Field
      label="Path"
      description="The SQLite database on the machine that runs Grafana. It is opened for reading alone. Service units often hide /home, /tmp and most of /var from plugins."
      invalid={Boolean(draft.problem)}
      error={draft.problem}
      disabled={disabled}
    >
      <Input
        id="graftwire-path"
        placeholder="/var/lib/app/app.db"
        width={60}
        spellCheck={false}
        value={draft.text}
        onChange={(event) => draft.type(event.currentTarget.value)}
      />
    </Field>
  );
}

interface NumberFieldProps {
  id: string;
  label: string;
  unit: string;
  description: string;
  value?: number;
  bounds: Bounds;
  disabled: boolean;
  onChange: (value: number | undefined) => void;
}

function NumberField({ id, label, unit, description, value, bounds, disabled, onChange }: NumberFieldProps) {
  const draft = useDraft(
    value,
    (number) => (number === undefined ? '' : String(number)),
    (text) => readNumber(text, bounds),
    onChange
  );
  return (
    <Field
      label={label}
      description={description}
      invalid={Boolean(draft.problem)}
      error={draft.problem}
      disabled={disabled}
    >
      <Input
        id={id}
        placeholder="default"
        inputMode="numeric"
        width={24}
        addonAfter={<span style={{ padding: '0 8px' }}>{unit}</span>}
        value={draft.text}
        onChange={(event) => draft.type(event.currentTarget.value)}
      />
    </Field>
  );
}
