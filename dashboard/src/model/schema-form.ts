/** One field of a form that a JSON Schema describes. */
export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly hint: string | undefined;
  readonly required: boolean;
  readonly kind: 'text' | 'long' | 'number' | 'integer' | 'boolean' | 'choice';
  readonly choices: readonly string[];
  readonly initial: string | boolean;
}

export type FormValues = Readonly<Record<string, string | boolean>>;
export type Filled =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: Readonly<Record<string, string>> };

/** The fields of an object of plain values; undefined for any other schema, which is answered as JSON. */
export function fieldsOf(schema: unknown): readonly FormField[] | undefined {
  if (!isRecord(schema) || schema['type'] !== 'object' || !isRecord(schema['properties'])) return undefined;
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const fields = Object.entries(schema['properties']).map(([name, property]) => fieldOf(name, property, required.includes(name)));
  return fields.length > 0 && fields.every((field) => field !== undefined) ? fields : undefined;
}

export function initialValues(fields: readonly FormField[]): FormValues {
  return Object.fromEntries(fields.map(({ name, initial }) => [name, initial]));
}

/** The object that the form says, or what is wrong with each field. Empty fields that may be empty are left out. */
export function readForm(fields: readonly FormField[], values: FormValues): Filled {
  const value: Record<string, unknown> = {};
  const problems: Record<string, string> = {};
  for (const field of fields) {
    const given = values[field.name] ?? '';
    if (typeof given === 'boolean') value[field.name] = given;
    else if (given.trim() === '') {
      if (field.required) problems[field.name] = 'Needed';
    } else if (field.kind === 'number' || field.kind === 'integer') {
      const number = Number(given);
      if (Number.isFinite(number) && (field.kind === 'number' || Number.isInteger(number))) value[field.name] = number;
      else problems[field.name] = field.kind === 'integer' ? 'Must be a whole number' : 'Must be a number';
    } else value[field.name] = given;
  }
  return Object.keys(problems).length > 0 ? { ok: false, problems } : { ok: true, value };
}

/** The value of a JSON text; an empty one says nothing, which is undefined. */
export function readJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string } {
  if (text.trim() === '') return { ok: true, value: undefined };
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    return { ok: false, problem: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function fieldOf(name: string, property: unknown, required: boolean): FormField | undefined {
  if (!isRecord(property)) return undefined;
  const { title, description, default: preset, type } = property;
  const field = {
    name,
    label: typeof title === 'string' ? title : name,
    hint: typeof description === 'string' ? description : undefined,
    required,
    choices: [],
    initial: typeof preset === 'string' || typeof preset === 'number' ? String(preset) : '',
  };
  const choices = property['enum'];
  if (Array.isArray(choices)) {
    return choices.every((choice) => typeof choice === 'string') ? { ...field, kind: 'choice', choices } : undefined;
  }
  if (type === 'boolean') return { ...field, kind: 'boolean', initial: preset === true };
  if (type === 'number' || type === 'integer') return { ...field, kind: type };
  if (type !== 'string') return undefined;
  return { ...field, kind: Number(property['maxLength'] ?? 0) > 200 ? 'long' : 'text' };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
