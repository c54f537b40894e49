/** Picks a label, then one of its values, and hands out the condition. */
import type { SelectableValue } from '@grafana/data';
import { InlineField, InlineFieldRow, Select } from '@grafana/ui';
import * as React from 'react';

interface Props {
  id: (part: string) => string;
  names: () => Promise<string[]>;
  values: (label: string) => Promise<string[]>;
  onPick: (label: string, value: string) => void;
}

type Options = Array<SelectableValue<string>>;

export function LabelRow({ id, names, values, onPick }: Props) {
  const [label, setLabel] = React.useState<string | undefined>(undefined);
  const [labels, setLabels] = React.useState<Options>([]);
  const [found, setFound] = React.useState<Options>([]);
  const [problem, setProblem] = React.useState<string | undefined>(undefined);
  const load = (asked: Promise<string[]>, show: (options: Options) => void) => {
    asked.then(
      (texts) => {
        setProblem(undefined);
        show(texts.map((text) => ({ label: text, value: text })));
      },
      (error: Error) => setProblem(error.message)
    );
  };

  return (
    <InlineFieldRow>
      <InlineField
        label="Label"
        labelWidth={12}
        invalid={Boolean(problem)}
        tooltip={problem ?? 'Puts a condition on a label into the expression'}
        htmlFor={id('label')}
      >
        <Select
          inputId={id('label')}
          aria-label="Label"
          width={24}
          placeholder="choose"
          value={label ?? null}
          options={labels}
          onOpenMenu={() => load(names(), setLabels)}
          onChange={(choice) => {
            setLabel(choice?.value);
            setFound([]);
          }}
        />
      </InlineField>
      <InlineField label="Value" labelWidth={12} htmlFor={id('value')}>
        <Select
          inputId={id('value')}
          aria-label="Value"
          width={40}
          placeholder={label ? 'choose' : 'choose a label first'}
          value={null}
          options={found}
          onOpenMenu={() => {
            if (label) {
              load(values(label), setFound);
            }
          }}
          onChange={(choice) => {
            if (label && choice?.value !== undefined) {
              onPick(label, choice.value);
            }
          }}
        />
      </InlineField>
    </InlineFieldRow>
  );
}
