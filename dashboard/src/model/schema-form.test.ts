import { describe, expect, it } from 'vitest';
import { fieldsOf, initialValues, readForm, readJson } from './schema-form.ts';

const schema = {
  type: 'object',
  required: ['approved', 'by', 'amount'],
  properties: {
    approved: { type: 'boolean', default: true },
    by: { type: 'string', title: 'Your name', description: 'Who decides' },
    amount: { type: 'integer' },
    grade: { enum: ['low', 'high'], default: 'low' },
    note: { type: 'string', maxLength: 2_000 },
  },
};

describe('the form of a JSON Schema', () => {
  it('has a field for every plain property', () => {
    const fields = fieldsOf(schema) ?? [];
    expect(fields.map(({ name, kind, label, required }) => [name, kind, label, required])).toEqual([
      ['approved', 'boolean', 'approved', true],
      ['by', 'text', 'Your name', true],
      ['amount', 'integer', 'amount', true],
      ['grade', 'choice', 'grade', false],
      ['note', 'long', 'note', false],
    ]);
    expect(initialValues(fields)).toEqual({ approved: true, by: '', amount: '', grade: 'low', note: '' });
  });

  it('gives the object, without what was left empty', () => {
    const filled = readForm(fieldsOf(schema) ?? [], { approved: false, by: 'Ada', amount: '7', grade: 'high', note: ' ' });
    expect(filled).toEqual({ ok: true, value: { approved: false, by: 'Ada', amount: 7, grade: 'high' } });
  });

  it('says what is wrong with which field', () => {
    const filled = readForm(fieldsOf(schema) ?? [], { approved: false, by: '', amount: '7.5', grade: '', note: '' });
    expect(filled).toEqual({ ok: false, problems: { by: 'Needed', amount: 'Must be a whole number' } });
  });

  it.each([[null], [true], [{ type: 'string' }], [{ type: 'object' }], [{ type: 'object', properties: { list: { type: 'array' } } }]])(
    'leaves %j to JSON',
    (other) => {
      expect(fieldsOf(other)).toBeUndefined();
    },
  );

  it('reads JSON, takes nothing for nothing, and names what is no JSON', () => {
    expect(readJson('{"a":1}')).toEqual({ ok: true, value: { a: 1 } });
    expect(readJson('  ')).toEqual({ ok: true, value: undefined });
    expect(readJson('{a}')).toMatchObject({ ok: false, problem: expect.stringContaining('not JSON') });
  });
});
