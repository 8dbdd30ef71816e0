import type { ComponentChildren } from 'preact';
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { fieldsOf, type FormField, initialValues, readForm, readJson } from '../model/schema-form.ts';
import { JsonField } from './json-field.tsx';

export interface DataFormProps {
  /** The JSON Schema of the data, if there is one. */
  readonly schema: unknown;
  readonly label: string;
  readonly initialJson?: string;
  readonly submit: string;
  readonly busy: boolean;
  readonly onSubmit: (data: unknown) => void;
  readonly onCancel: () => void;
  readonly children?: ComponentChildren;
}

/** Asks for data: with a field for each property where the schema is that simple, else as JSON. */
export function DataForm({ schema, label, initialJson = '', submit, busy, onSubmit, onCancel, children }: DataFormProps) {
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  const [values, setValues] = useState(() => initialValues(fields ?? []));
  const [json, setJson] = useState(initialJson);
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});

  const send = () => {
    if (fields) {
      const filled = readForm(fields, values);
      setProblems(filled.ok ? {} : filled.problems);
      if (filled.ok) onSubmit(filled.value);
      return;
    }
    const read = readJson(json);
    setProblems(read.ok ? {} : { json: read.problem });
    if (read.ok) onSubmit(read.value);
  };

  const form = useRef<HTMLFormElement>(null);
  // The form comes when its schema has; the dialog around it was opened before.
  useEffect(() => form.current?.querySelector<HTMLElement>('input, textarea, select')?.focus(), []);

  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {fields ? (
        fields.map((field) => (
          <Field
            key={field.name}
            field={field}
            value={values[field.name] ?? ''}
            problem={problems[field.name]}
            onInput={(value) => setValues({ ...values, [field.name]: value })}
          />
        ))
      ) : (
        <JsonField label={label} hint="JSON; leave it empty to send nothing" value={json} problem={problems['json']} onInput={setJson} />
      )}
      {children}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onCancel}>
          Back
        </button>
        <button type="submit" class="button primary" disabled={busy}>
          {submit}
        </button>
      </div>
    </form>
  );
}

interface FieldProps {
  readonly field: FormField;
  readonly value: string | boolean;
  readonly problem: string | undefined;
  readonly onInput: (value: string | boolean) => void;
}

function Field({ field, value, problem, onInput }: FieldProps) {
  const id = useId();
  const { kind, label, hint, required, choices } = field;
  if (kind === 'boolean') {
    return (
      <div class="field">
        <label class="check" for={id}>
          <input id={id} type="checkbox" checked={value === true} onChange={(event) => onInput(event.currentTarget.checked)} />
          {label}
        </label>
        {hint !== undefined && <span class="hint">{hint}</span>}
      </div>
    );
  }
  const shared = {
    id,
    class: 'input',
    required,
    value: String(value),
    'aria-invalid': problem !== undefined,
    'aria-describedby': `${id}-hint`,
  };
  return (
    <div class="field">
      <label for={id}>
        {label} {!required && <span class="faint">(optional)</span>}
      </label>
      {kind === 'choice' ? (
        <select {...shared} onChange={(event) => onInput(event.currentTarget.value)}>
          <option value="">Choose…</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : kind === 'long' ? (
        <textarea {...shared} onInput={(event) => onInput(event.currentTarget.value)} />
      ) : (
        <input {...shared} inputMode={kind === 'text' ? 'text' : 'decimal'} onInput={(event) => onInput(event.currentTarget.value)} />
      )}
      <span id={`${id}-hint`} class={problem === undefined ? 'hint' : 'wrong'}>
        {problem ?? hint}
      </span>
    </div>
  );
}
