/**
 * The settings form.
 *
 * Saving, testing and permissions are Grafana's own.
 */
import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { Field, FieldSet } from '@grafana/ui';
import * as React from 'react';

import { NumberInput } from './NumberInput';
import type { WaveSettings } from './query';

export function ConfigEditor({ options, onOptionsChange }: DataSourcePluginOptionsEditorProps<WaveSettings>) {
  const [problem, setProblem] = React.useState<string | undefined>();
  const disabled = Boolean(options.readOnly);
  const setPeriod = (periodSeconds: number | undefined) => {
    const jsonData: WaveSettings = { ...options.jsonData, periodSeconds };
    if (periodSeconds === undefined) {
      delete jsonData.periodSeconds;
    }
    onOptionsChange({ ...options, jsonData });
  };

  return (
    <FieldSet label="Waves">
      <Field
        label="Period"
        description="How long one wave takes, in seconds. Default 60."
        htmlFor="wave-period"
        invalid={Boolean(problem)}
        error={problem}
        disabled={disabled}
      >
        <NumberInput
          id="wave-period"
          label="Period"
          placeholder="60"
          min={1}
          max={86400}
          value={options.jsonData?.periodSeconds}
          disabled={disabled}
          onChange={setPeriod}
          onProblem={setProblem}
        />
      </Field>
    </FieldSet>
  );
}
