/**
 * A form field whose text must be read before it is a value.
 *
 * What can be read goes out at once; what cannot stays on the screen with its reason and goes nowhere, so a
 * half-typed number is never saved.
 */
import * as React from 'react';

import type { Read } from './settings';

export interface Draft {
  text: string;
  problem?: string;
  type: (text: string) => void;
}

export function useDraft<T>(
  value: T,
  write: (value: T) => string,
  read: (text: string) => Read<T>,
  commit: (value: T) => void
): Draft {
  const [text, setText] = React.useState(() => write(value));
  const saved = write(value);
  const result = read(text);

  // The value changed from outside (the form was reset, a row above was removed): show that one.
  React.useEffect(() => {
    const typed = read(text);
    if ('problem' in typed || write(typed.value) !== saved) {
      setText(saved);
    }
  }, [saved]);

  return {
    text,
    problem: 'problem' in result ? result.problem : undefined,
    type: (next) => {
      setText(next);
      const typed = read(next);
      if ('value' in typed && write(typed.value) !== saved) {
        commit(typed.value);
      }
    },
  };
}
