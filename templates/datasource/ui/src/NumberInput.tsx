/**
 * A text field for a number: what can be read goes out at once, what cannot stays on the screen and goes nowhere.
 *
 * It deliberately shows no reason itself; the form around it does, where there is room.
 */
import { Input } from '@grafana/ui';
import * as React from 'react';

import { readNumber } from './query';

interface Props {
  id: string;
  label: string;
  placeholder: string;
  value?: number;
  min: number;
  max: number;
  disabled?: boolean;
  onChange: (value: number | undefined) => void;
  onProblem?: (problem: string | undefined) => void;
  onBlur?: () => void;
}

export function NumberInput({ id, label, placeholder, value, min, max, disabled, onChange, onProblem, onBlur }: Props) {
  const [text, setText] = React.useState(value === undefined ? '' : String(value));
  const { problem } = readNumber(text, min, max);

  // The value changed from outside: show that one.
  React.useEffect(() => {
    if (readNumber(text, min, max).value !== value) {
      setText(value === undefined ? '' : String(value));
    }
  }, [value]);

  return (
    <Input
      id={id}
      aria-label={label}
      inputMode="decimal"
      width={24}
      placeholder={placeholder}
      disabled={disabled}
      invalid={Boolean(problem)}
      title={problem}
      value={text}
      onBlur={onBlur}
      onChange={(event) => {
        const typed = event.currentTarget.value;
        setText(typed);
        const read = readNumber(typed, min, max);
        onProblem?.(read.problem);
        if (!read.problem && read.value !== value) {
          onChange(read.value);
        }
      }}
    />
  );
}
