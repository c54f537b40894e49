/**
 * What our front ends use of `@grafana/ui`, and only what every Grafana from 7.5 to 13 exports.
 *
 * What exists in some versions only is looked up at run time and declared optional.
 */
declare module '@grafana/ui' {
  import type {
    ButtonHTMLAttributes,
    ChangeEvent,
    ComponentType,
    FunctionComponent,
    HTMLProps,
    InputHTMLAttributes,
    ReactElement,
    ReactNode,
    TextareaHTMLAttributes,
  } from 'react';
  import type { SelectableValue } from '@grafana/data';

  interface FieldProps {
    children: ReactElement;
    label?: ReactNode;
    description?: string;
    invalid?: boolean;
    error?: string | null;
    disabled?: boolean;
    className?: string;
    /** Ties the label to the control; without it the child's `id` is taken. */
    htmlFor?: string;
  }
  export const Field: FunctionComponent<FieldProps>;
  export const InlineField: FunctionComponent<{
    children: ReactElement;
    label?: ReactNode;
    tooltip?: string;
    labelWidth?: number | 'auto';
    grow?: boolean;
    invalid?: boolean;
    disabled?: boolean;
    htmlFor?: string;
  }>;
  export const InlineFieldRow: FunctionComponent<{ children: ReactNode }>;
  export const FieldSet: FunctionComponent<{ label?: string; children: ReactNode; disabled?: boolean }>;
  export const FieldValidationMessage: FunctionComponent<{ children: ReactNode }>;

  export const Input: FunctionComponent<
    Omit<InputHTMLAttributes<HTMLInputElement>, 'prefix' | 'size' | 'width'> & {
      /** In steps of 8 pixels. */
      width?: number;
      invalid?: boolean;
      suffix?: ReactNode;
      addonAfter?: ReactNode;
    }
  >;
  export const TextArea: FunctionComponent<TextareaHTMLAttributes<HTMLTextAreaElement> & { invalid?: boolean }>;
  export const InlineSwitch: FunctionComponent<
    Omit<HTMLProps<HTMLInputElement>, 'value' | 'onChange' | 'ref'> & {
      value?: boolean;
      onChange?: (event: ChangeEvent<HTMLInputElement>) => void;
    }
  >;
  export function RadioButtonGroup<T>(props: {
    options: Array<SelectableValue<T>>;
    value?: T;
    onChange?: (value: T) => void;
    size?: 'sm' | 'md';
    disabled?: boolean;
  }): ReactElement;
  export function Select<T>(props: {
    options: Array<SelectableValue<T>>;
    value?: SelectableValue<T> | T | null;
    onChange: (value: SelectableValue<T>) => void;
    onOpenMenu?: () => void;
    isLoading?: boolean;
    placeholder?: string;
    noOptionsMessage?: string;
    width?: number;
    inputId?: string;
    'aria-label'?: string;
  }): ReactElement;

  export const Button: FunctionComponent<
    ButtonHTMLAttributes<HTMLButtonElement> & {
      variant?: 'primary' | 'secondary' | 'destructive';
      icon?: string;
      size?: 'sm' | 'md' | 'lg';
    }
  >;
  export const Alert: FunctionComponent<{
    title: string;
    severity?: 'success' | 'warning' | 'error' | 'info';
    children?: ReactNode;
  }>;

  export type AnyComponent = ComponentType<any>;
}
