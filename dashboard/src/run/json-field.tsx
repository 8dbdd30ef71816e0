import { useId } from 'preact/hooks';

export interface JsonFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly problem: string | undefined;
  readonly onInput: (value: string) => void;
}

/** A field for a value of any shape, as JSON. */
export function JsonField({ label, hint, value, problem, onInput }: JsonFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        class="input"
        spellcheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-hint`}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <span id={`${id}-hint`} class={problem === undefined ? 'hint' : 'wrong'}>
        {problem ?? hint}
      </span>
    </div>
  );
}
