/**
 * The query editor of panels, Explore, annotations and alert rules.
 *
 * The list of shapes is the process's, so that both always know the same ones.
 */
import type { QueryEditorProps, SelectableValue } from '@grafana/data';
import { InlineField, InlineFieldRow, Select } from '@grafana/ui';
import * as React from 'react';

import type { DataSource } from './datasource';
import { NumberInput } from './NumberInput';
import type { WaveQuery, WaveSettings } from './query';

type Props = QueryEditorProps<DataSource, WaveQuery, WaveSettings>;

export function QueryEditor({ datasource, query, onChange, onRunQuery }: Props) {
  const [shapes, setShapes] = React.useState<Array<SelectableValue<string>>>([]);
  const [problem, setProblem] = React.useState<string | undefined>();
  const id = (part: string) => `wave-${part}-${query.refId}`;
  const shape = query.shape ?? 'sine';

  const load = () => {
    datasource.shapes().then(
      (names) => {
        setShapes(names.map((name) => ({ label: name, value: name })));
        setProblem(undefined);
      },
      (error: { data?: { message?: string }; message?: string }) =>
        setProblem(error?.data?.message ?? error?.message ?? 'the plugin did not answer')
    );
  };
  const changeAndRun = (changed: WaveQuery) => {
    onChange(changed);
    onRunQuery();
  };

  return (
    <InlineFieldRow>
      <InlineField label="Shape" labelWidth={12} htmlFor={id('shape')}>
        <Select<string>
          aria-label="Shape"
          inputId={id('shape')}
          width={24}
          options={shapes}
          value={{ label: shape, value: shape }}
          noOptionsMessage={problem ?? 'none'}
          onOpenMenu={load}
          onChange={(picked) => changeAndRun({ ...query, shape: picked.value })}
        />
      </InlineField>
      <InlineField label="Amplitude" labelWidth={12} htmlFor={id('amplitude')}>
        <NumberInput
          id={id('amplitude')}
          label="Amplitude"
          placeholder="1"
          min={-1e9}
          max={1e9}
          value={query.amplitude}
          onChange={(amplitude) => onChange({ ...query, amplitude })}
          onBlur={onRunQuery}
        />
      </InlineField>
    </InlineFieldRow>
  );
}
