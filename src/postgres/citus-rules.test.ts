import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

// shared/spec/citus.md, section 1: what a statement may look like, so that the same SQL also runs on Citus. What text can tell is told here.

interface Statement {
  readonly where: string;
  readonly text: string;
}

const folder = new URL('./', import.meta.url);
const migrations = await readFiles(new URL('./migrations/', folder), '.sql');
const sources = (await readFiles(folder, '.ts')).filter(({ where }) => !where.includes('.test.'));
const definitions = migrations.flatMap(({ where, text }) => statementsOf(where, withoutFunctions(text)));
const statements = [...migrations.flatMap(functionStatements), ...sources.flatMap(embeddedStatements)];
const perRun = tablesWithShard();

// They have keys of their own, by which they are looked up (decisions A2), or are the same on every node.
const ownKeys = new Map(
  Object.entries({
    pawl_meta: 'key',
    hook_tokens: 'token',
    workers: 'worker_id',
    audit_log: 'audit_id',
    token_expiries: 'token',
    flows: 'flow_id',
    triggers: 'trigger_id',
    trigger_firings: 'trigger_id',
  }),
);

/** Statements that ask every shard: lists, look-ups by a bare id, and what is done for one server at once. */
const everyShard: Readonly<Record<string, string>> = {
  'children.ts': 'ends that nobody was told of, if there are any',
  'claim.ts': 'in which shards something is due, and encrypted with which keys',
  'events.ts': 'events by correlation id alone',
  'executions.ts': 'what is due next, of any shard',
  'hooks.ts': 'hooks by id alone, and lists',
  'idempotency-keys.ts': 'a key of any tenant and flow',
  'operator-reads.ts': 'queue depths, and runs that nothing wakes',
  'retention.ts': 'runs that ended long ago, of any shard',
  'runs.ts': 'lists',
  'search-runs.ts': 'lists',
  'steps.ts': 'steps by id alone',
  'throughput.ts': 'runs that ended in the last hour, of any shard',
  'streams.ts': 'the streams of a run, by its id',
  'triggers.ts': 'what triggers have yet to hear of, of any shard',
  'workers.ts': 'whether any parent has yet to be told of an end, and the shards in which the dead hold something',
  pawl_next_due_v1: 'the next due time of anything',
  pawl_claim_v1: 'one server is asked once; on Citus it is asked shard by shard',
  pawl_dead_v1: 'leases of the dead, whatever their shard',
  pawl_release_all_v1: 'leases of the dead, whatever their shard',
  pawl_queue_v1: 'streams of health checks, once an hour',
  pawl_distribute_v1: 'the catalogue of the schema, and no row of a run',
  pawl_forget_run_v1: 'streams belong to runs, by their id',
  pawl_forget_extras_v1: 'keys have a shard of their own, and belong to runs by their id',
};

describe('the schema', () => {
  it('has tables to look at', () => {
    expect(perRun).toContain('runs');
    expect(statements.length).toBeGreaterThan(120);
  });

  it('leads every key with the shard, or with the one column by which it is looked up (rule 1)', () => {
    const keys = definitions.flatMap(({ text }) => {
      const table = /^create table pawl\.(\w+)/.exec(text)?.[1];
      if (!table) return uniqueIndex(text);
      const composite = /primary key \(([^)]+)\)/.exec(text)?.[1];
      const single = /(\w+) [^,]*?primary key/.exec(text.slice(text.indexOf('(') + 1))?.[1];
      return [`${table} ${(composite ?? single ?? 'none').split(',')[0]}`];
    });
    expect(keys.filter((key) => !key.endsWith(' shard') && ![...ownKeys].some((own) => own.join(' ') === key))).toEqual([]);
  });

  it('has no foreign key, trigger, sequence or exclusion (rule 1)', () => {
    expect(violations(definitions, /\breferences\b|\bforeign key\b|\btrigger\b|\bserial\b|\bidentity\b|\bsequence\b|\bexclude\b/)).toEqual(
      [],
    );
  });

  it('calls the shard an int everywhere (rule 1)', () => {
    expect(violations(definitions, /^\s*shard (?!int not null)/m)).toEqual([]);
  });
});

describe('a statement', () => {
  it('names one shard for every table that has them, but for those that are listed with a reason (rule 2)', () => {
    const loose = statements.filter(
      ({ where, text }) => !(where in everyShard) && tablesOf(text).some((table) => perRun.includes(table)) && !namesShard(text),
    );
    expect(loose).toEqual([]);
  });

  it('never asks several shards and locks (rules 2 and 3)', () => {
    const many = statements.filter(({ text }) => /shard\s*(?:=\s*any|in\s*\(|between)/.test(text) && /for update/.test(text));
    expect(many).toEqual([]);
  });

  it('never inserts in a with, nor from one (rule 4)', () => {
    expect(violations(statements, /\bwith\b[\s\S]*?\bas (?:materialized )?\(\s*insert\b|^with\b[\s\S]*\)\s*insert\b/)).toEqual([]);
  });

  it('gives the target of an insert from a select that returns something a name (rule 5)', () => {
    expect(violations(statements, /^insert into pawl\.\w+ \((?:(?!\bvalues\b)[\s\S])*\bselect\b[\s\S]*\breturning\b/)).toEqual([]);
  });

  it('writes only what does not change between two looks (rule 7)', () => {
    const writes = statements.filter(({ text }) => /\b(?:update|delete from) pawl\./.test(text));
    expect(violations(writes, /clock_timestamp\(|random\(|gen_random_uuid\(|to_char\(|interval/)).toEqual([]);
    expect(violations(statements, /do update\s+set[\s\S]*\bnow\(/)).toEqual([]);
  });

  it('has no subquery among inserted values, merges nothing, and moves nothing to another shard (rule 8)', () => {
    expect(
      violations(statements, /\bvalues\s*\((?:[^()]|\([^()]*\))*\bselect\b|do update\s+set[^;]*\(\s*select|^merge\b|\bset\s+shard\b/),
    ).toEqual([]);
  });

  it('uses no advisory lock, and tells nobody in a transaction that decides (rules 11 and 12)', () => {
    const inFunctions = statements.filter(({ where }) => where.startsWith('pawl_'));
    expect(violations(statements, /advisory/)).toEqual([]);
    expect(violations(inFunctions, /pg_notify|\bnotify\b|\blisten\b/)).toEqual([]);
  });

  it('pages by key, never by counting (rule 15)', () => {
    expect(violations(statements, /\boffset\b/)).toEqual([]);
  });
});

// What Citus 13.2 refused, misread or crashed on when the suites were run on a cluster of it, each with what it was said of.
const refused: Readonly<Record<string, { readonly pattern: RegExp; readonly example: string }>> = {
  'returns columns from a write: a function that is not immutable is refused there': {
    pattern: /\b(?:update|delete from) pawl\.[\s\S]*\breturning\b[^)]*\b(?:to_jsonb|jsonb_\w+)\(/,
    example: 'update pawl.runs r set lease_owner = null where shard = $1 returning to_jsonb(r.due_at) into v_due',
  },
  'writes "case when" out: a case of a variable reaches the other node as "when null"': {
    pattern: /^(?:with|select|insert|update|delete)\b[\s\S]*\bcase (?!when\b)/,
    example: "update pawl.steps set deliveries = case c_result when 'retry' then deliveries else 0 end where shard = $1",
  },
  'sets no column to the element of an array alone: the server crashes': {
    pattern: /\bset\b(?:(?!\bfrom\b)[\s\S])*\w = \w+\[[^\]]+\]\s*(?:,|\bfrom\b|\bwhere\b)/,
    example: 'update pawl.steps k set updated_at = v_at[s.w], error = null from rows s where k.shard = $1',
  },
  'asks tables for no row of a function: that is a correlated subquery': {
    pattern: /\bfrom jsonb_\w+\((?:(?!\bjoin\b|\bselect\b)[\s\S])*\bwhere\b[\s\S]*\(\s*select\b[\s\S]*\bfrom pawl\./,
    example:
      'select h.event from jsonb_to_recordset($1) as h (event text) where exists (select 1 from pawl.triggers t where t.event = h.event)',
  },
  'calls none of our functions row by row: on the other node they cannot ask for what lies elsewhere': {
    pattern: /\bfrom pawl\.(?!pawl_)\w+[\s\S]*\bwhere\b[\s\S]*(?<!from )\bpawl\.pawl_\w+\(/,
    example: 'select r.run_id from pawl.runs r where r.status = $1 and not pawl.pawl_run_held_v1(r.shard, r.run_id, $2)',
  },
};

describe.each(Object.entries(refused))('a statement %s', (_, { pattern, example }) => {
  it('in an example', () => {
    expect(violations([{ where: 'example', text: example }], pattern)).toHaveLength(1);
  });

  it('in ours', () => {
    expect(violations(statements, pattern)).toEqual([]);
  });
});

it('no function in SQL alone reads a table: Citus does not know its parameters', () => {
  const read = migrations.filter(({ text }) => /language sql\b(?:(?!\$\$)[\s\S])*\$\$(?:(?!\$\$)[\s\S])*\bfrom pawl\./.test(text));
  expect(read.map(({ where }) => where)).toEqual([]);
});

it('no query is assigned to a variable: Citus passes the assignment on, which no server understands', () => {
  const assigned = migrations.filter(({ text }) => /:=[^;]*\b(?:exists|select)\b[^;]*\bfrom pawl\./.test(text));
  expect(assigned.map(({ where }) => where)).toEqual([]);
});

it('what has a form for Citus beside that for one server differs by the one shard alone', () => {
  const texts = statements.filter(({ where }) => where === 'pawl_flow_v1').map(({ text }) => text);
  const forCitus = texts.filter((text) => text.includes('shard = c_shard'));
  expect(forCitus).toHaveLength(3);
  expect(texts).toEqual(expect.arrayContaining(forCitus.map((text) => text.replaceAll(/\w\.shard = c_shard and /g, ''))));
});

it('an error is told by its SQLSTATE alone (rule 9)', () => {
  expect(violations(sources, /\b(?:error|cause)\)?\??\.(?:constraint|table|schema)\b/)).toEqual([]);
});

function violations(of: readonly Statement[], pattern: RegExp): Statement[] {
  return of.filter(({ text }) => pattern.test(text));
}

function uniqueIndex(text: string): string[] {
  const match = /^create unique index \w+ on pawl\.(\w+) \((\w+)/.exec(text);
  return match ? [`${match[1]} ${match[2]}`] : [];
}

function tablesWithShard(): string[] {
  return definitions.flatMap(({ text }) => (/^create table pawl\.(\w+) \(\s*shard int/.exec(text) ?? []).slice(1));
}

function tablesOf(text: string): string[] {
  return [...text.matchAll(/\bpawl\.(\w+)\b(?!\()/g)].map(([, table]) => String(table));
}

/** By a value, by the same shard of another table that has one, or by a row that was read. */
function namesShard(text: string): boolean {
  return /shard = \(?(?:\$|p_|c_|[a-z]\.|v_|due\.|held\.)/.test(text) || /\(\s*shard, /.test(text);
}

async function readFiles(of: URL, ending: string): Promise<Statement[]> {
  const names = (await readdir(of)).filter((name) => name.endsWith(ending)).sort();
  return Promise.all(names.map(async (where) => ({ where, text: await readFile(new URL(where, of), 'utf8') })));
}

function withoutFunctions(sql: string): string {
  return sql.replaceAll(/create (?:or replace )?function[\s\S]*?\$\$;/g, '');
}

/** What the functions of a migration execute, piece by piece. */
function functionStatements({ text }: Statement): Statement[] {
  return [...text.matchAll(/create (?:or replace )?function pawl\.(\w+)[\s\S]*?as \$\$([\s\S]*?)\$\$;/g)].flatMap(([, name, body]) =>
    statementsOf(String(name), String(body)).flatMap(({ where, text: piece }) => {
      // A loop or a condition begins in the same piece as the statement that follows it.
      const starts = [...piece.matchAll(/(?<![\w(] ?)\b(?:with \w+ as|insert into|update pawl|delete from|select)\b/g)];
      const start = starts[0]?.index;
      return start === undefined ? [] : [{ where, text: piece.slice(start) }];
    }),
  );
}

function statementsOf(where: string, sql: string): Statement[] {
  return sql
    .replaceAll(/--.*$/gm, '')
    .split(';')
    .map((text) => ({ where, text: text.trim() }))
    .filter(({ text }) => text !== '');
}

/** The statements that a module writes out. */
function embeddedStatements({ where, text }: Statement): Statement[] {
  return [...text.matchAll(/`([^`]*\bpawl\.[^`]*)`|'([^'\n]*\bpawl\.[^'\n]*)'|"([^"\n]*\bpawl\.[^"\n]*)"/g)]
    .map(([, ...texts]) => ({ where, text: String(texts.find((found) => found !== undefined)).trim() }))
    .filter((statement) => /\b(?:select|insert|update|delete)\b/.test(statement.text));
}
