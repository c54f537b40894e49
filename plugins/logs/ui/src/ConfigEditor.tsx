/**
 * The settings form: what is read, and limits that have defaults.
 *
 * Saving, testing and permissions are Grafana's own.
 */
import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { Field, FieldSet, InlineSwitch, Input } from '@grafana/ui';
import * as React from 'react';

import { useDraft } from './draft';
import { FileJobs } from './FileJobs';
import { LINES, readNumber, readPath, readPaths, writePaths, type LogsSettings, type Read } from './settings';

type Props = DataSourcePluginOptionsEditorProps<LogsSettings>;

export function ConfigEditor({ options, onOptionsChange }: Props) {
  const settings: LogsSettings = options.jsonData ?? {};
  const set = <K extends keyof LogsSettings>(key: K, value: LogsSettings[K]) => {
    const jsonData = { ...settings, [key]: value };
    if (value === undefined) {
      delete jsonData[key];
    }
    onOptionsChange({ ...options, jsonData });
  };
  const disabled = Boolean(options.readOnly);

  return (
    <>
      <FieldSet label="Files">
        <TextField
          id="graftwire-roots"
          label="Folders that may be read"
          description="Nothing outside of them is opened, whatever the paths below say. Default /var/log. Commas separate several."
          placeholder="/var/log"
          value={settings.roots}
          write={writePaths}
          read={readPaths}
          disabled={disabled}
          onChange={(roots) => set('roots', roots)}
        />
        <FileJobs files={settings.files} disabled={disabled} onChange={(files) => set('files', files)} />
      </FieldSet>
      <FieldSet label="System">
        <Toggle
          id="graftwire-journal"
          label="Journal"
          description="Read systemd's journal."
          value={settings.journal ?? true}
          disabled={disabled}
          onChange={(journal) => set('journal', journal ? undefined : false)}
        />
        <TextField
          id="graftwire-journal-path"
          label="Journal folder"
          description="If the journal lies elsewhere, as in a container with the host's journal mounted."
          placeholder="/var/log/journal"
          value={settings.journalPath}
          write={(path) => path ?? ''}
          read={readPath}
          disabled={disabled}
          onChange={(path) => set('journalPath', path)}
        />
        <Toggle
          id="graftwire-kernel"
          label="Kernel log"
          description="Read the kernel's own log."
          value={settings.kernel ?? true}
          disabled={disabled}
          onChange={(kernel) => set('kernel', kernel ? undefined : false)}
        />
      </FieldSet>
      <FieldSet label="Reading">
        <TextField
          id="graftwire-zone"
          label="Time zone"
          description="Of times that say none: local, UTC or a name such as Europe/Berlin."
          placeholder="local"
          value={settings.timeZone}
          write={(zone) => zone ?? ''}
          read={(text) => ({ value: text.trim() || undefined })}
          disabled={disabled}
          onChange={(zone) => set('timeZone', zone)}
        />
        <TextField
          id="graftwire-lines"
          label="Line limit"
          description="Lines of an answer if the query says no number. Default 1000."
          placeholder="1000"
          value={settings.maxLines}
          write={(lines) => (lines === undefined ? '' : String(lines))}
          read={(text) => readNumber(text, LINES)}
          disabled={disabled}
          onChange={(lines) => set('maxLines', lines)}
        />
        <TextField
          id="graftwire-index"
          label="Index folder"
          description="Where the time index is kept. Default: data/logs-index beside the plugin."
          placeholder="beside the plugin"
          value={settings.indexPath}
          write={(path) => path ?? ''}
          read={readPath}
          disabled={disabled}
          onChange={(path) => set('indexPath', path)}
        />
      </FieldSet>
    </>
  );
}

interface TextFieldProps<T> {
  id: string;
  label: string;
  description: string;
  placeholder: string;
  value: T;
  write: (value: T) => string;
  read: (text: string) => Read<T>;
  disabled: boolean;
  onChange: (value: T) => void;
}

function TextField<T>({ id, label, description, placeholder, value, write, read, disabled, onChange }: TextFieldProps<T>) {
  const draft = useDraft(value, write, read, onChange);
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
        placeholder={placeholder}
        width={60}
        spellCheck={false}
        value={draft.text}
        onChange={(event) => draft.type(event.currentTarget.value)}
      />
    </Field>
  );
}

interface ToggleProps {
  id: string;
  label: string;
  description: string;
  value: boolean;
  disabled: boolean;
  onChange: (value: boolean) => void;
}

function Toggle({ id, label, description, value, disabled, onChange }: ToggleProps) {
  return (
    <Field label={label} description={description} htmlFor={id} disabled={disabled}>
      <InlineSwitch
        id={id}
        value={value}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    </Field>
  );
}
