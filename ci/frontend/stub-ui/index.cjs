// Stands for @grafana/ui in the load tests: the names a version really exports, as plain HTML.
//
// The real library pulls hundreds of megabytes and needs a browser to draw. What matters here is that a front end
// uses only names that the version has, and what it passes to them. The cell sets `graftwireCell` before this loads.
'use strict';

const { React, uiExports } = globalThis.graftwireCell;
const h = React.createElement;

const withoutUndefined = (props) => Object.fromEntries(Object.entries(props).filter(([, value]) => value !== undefined));

/** As both field components do: the child learns whether it is disabled or wrong. */
const control = (children, { disabled, invalid }) =>
  React.cloneElement(children, withoutUndefined({ disabled: disabled || undefined, invalid: invalid || undefined }));

const ofInput = ({ invalid, width, addonAfter, addonBefore, prefix, suffix, loading, size, ...props }) => ({
  ...props,
  'aria-invalid': invalid ? 'true' : undefined,
});

const known = {
  Field: ({ label, description, error, children, ...state }) =>
    h('div', { 'data-field': label },
      h('label', { htmlFor: children.props.id }, label),
      h('small', null, description),
      control(children, state),
      state.invalid && error ? h('div', { role: 'alert' }, error) : null),
  InlineField: ({ label, tooltip, htmlFor, children, ...state }) =>
    h('div', { 'data-field': label, title: tooltip },
      h('label', { htmlFor }, label),
      control(children, state)),
  InlineFieldRow: ({ children }) => h('div', null, children),
  FieldSet: ({ label, children }) => h('fieldset', null, h('legend', null, label), children),
  FieldValidationMessage: ({ children }) => h('div', { role: 'alert' }, children),
  Input: (props) => h(React.Fragment, null, h('input', ofInput(props)), props.addonAfter),
  TextArea: (props) => h('textarea', ofInput(props)),
  InlineSwitch: ({ value, onChange, id, disabled }) =>
    h('input', { type: 'checkbox', id, disabled, checked: Boolean(value), onChange: onChange ?? (() => {}) }),
  RadioButtonGroup: ({ options, value, onChange }) =>
    h('div', { role: 'radiogroup' }, options.map((option) =>
      h('label', { key: String(option.value) },
        h('input', {
          type: 'radio', 'aria-label': option.label, checked: option.value === value,
          onChange: () => onChange?.(option.value),
        }),
        option.label))),
  Select: ({ options, onChange, onOpenMenu, inputId, noOptionsMessage, placeholder, ...props }) =>
    h('select', {
      id: inputId, 'aria-label': props['aria-label'], value: '', onFocus: () => onOpenMenu?.(),
      onChange: (event) => onChange(options.find((option) => String(option.value) === event.currentTarget.value) ?? {}),
    },
      h('option', { value: '' }, options.length > 0 ? placeholder : noOptionsMessage),
      options.map((option) =>
        h('option', { key: String(option.value), value: String(option.value), title: option.description }, option.label))),
  Button: ({ icon, variant, size, ...props }) => h('button', props),
  Alert: ({ title, children }) => h('div', { role: 'alert' }, title, children),
};

const silent = { logger() {}, enable() {}, disable() {}, isEnabled: () => false };

for (const name of uiExports) {
  if (known[name]) {
    exports[name] = known[name];
  } else if (/[lL]ogger$/.test(name)) {
    exports[name] = () => silent;
  } else if (/^[A-Z]/.test(name)) {
    exports[name] = () => h('div', { 'data-stub': name });
  } else {
    exports[name] = () => undefined;
  }
}
