/**
 * The settings form. Everything is optional: a data source that was only named collects this machine at once.
 *
 * Saving, testing and permissions are Grafana's own.
 */
import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { Field, FieldSet, Input } from '@grafana/ui';
import * as React from 'react';

import { useDraft } from './draft';
import { ScrapeTargets } from './ScrapeTargets';
import {
  INTERVAL_SECONDS,
  readNumber,
  readStorePath,
  RETENTION_DAYS,
  STORE_MEGABYTES,
  type Bounds,
  type MetricsSettings,
} from './settings';

type Props = DataSourcePluginOptionsEditorProps<MetricsSettings>;

export function ConfigEditor({ options, onOptionsChange }: Props) {
  const settings: MetricsSettings = options.jsonData ?? {};
  const set = <K extends keyof MetricsSettings>(key: K, value: MetricsSettings[K]) => {
    const jsonData = { ...settings, [key]: value };
    if (value === undefined) {
      delete jsonData[key];
    }
    onOptionsChange({ ...options, jsonData });
  };
  const disabled = Boolean(options.readOnly);

  return (
    <>
      <FieldSet label="Store">
        <StorePath value={settings.storePath} disabled={disabled} onChange={(path) => set('storePath', path)} />
        <NumberField
          id="graftwire-retention"
          label="Retention"
          unit="days"
          description="Samples older than this are removed."
          value={settings.retentionDays}
          bounds={RETENTION_DAYS}
          disabled={disabled}
          onChange={(days) => set('retentionDays', days)}
        />
        <NumberField
          id="graftwire-size"
          label="Largest size"
          unit="MB"
          description="When the store reaches this size, the oldest samples go first, even before the retention is over."
          value={settings.maxStoreMegabytes}
          bounds={STORE_MEGABYTES}
          disabled={disabled}
          onChange={(megabytes) => set('maxStoreMegabytes', megabytes)}
        />
      </FieldSet>
      <FieldSet label="This machine">
        <NumberField
          id="graftwire-interval"
          label="Collect every"
          unit="seconds"
          description="How often CPU, memory, disks, network and temperatures are read. Live queries look each second, whatever stands here."
          value={settings.collectIntervalSeconds}
          bounds={INTERVAL_SECONDS}
          disabled={disabled}
          onChange={(seconds) => set('collectIntervalSeconds', seconds)}
        />
      </FieldSet>
      <FieldSet label="Other machines and programs">
        <ScrapeTargets
          targets={settings.scrapeTargets ?? []}
          disabled={disabled}
          onChange={(targets) => set('scrapeTargets', targets.length > 0 ? targets : undefined)}
        />
      </FieldSet>
    </>
  );
}

interface StorePathProps {
  value?: string;
  disabled: boolean;
  onChange: (path: string | undefined) => void;
}

function StorePath({ value, disabled, onChange }: StorePathProps) {
  const draft = useDraft(value, (path) => path ?? '', readStorePath, onChange);
  return (
    <Field
      label="Folder of the store"
      description="Where samples are kept on the machine that runs Grafana. Service units often hide /home, /tmp and most of /var from plugins: choose a folder that the Grafana user may write, such as one below /var/lib/grafana."
      invalid={Boolean(draft.problem)}
      error={draft.problem}
      disabled={disabled}
    >
      <Input
        id="graftwire-store"
        placeholder="beside the plugin"
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
