import { asAdmin } from './postgres-schema.ts';

/** The schema as the catalogue has it, as text that can be compared: tables, indexes, functions without their bodies. */
export async function dumpPostgresSchema(url: string, schema: string): Promise<string> {
  const parts = await asAdmin<{ text: string }>(url, dump.replaceAll('$schema', schema));
  return parts.map(({ text }) => `${text.replaceAll(new RegExp(`"?\\b${schema}\\b"?\\.`, 'g'), 'pawl.')};\n`).join('\n');
}

const dump = `
  with tables as (
    select c.oid, c.relname, c.reloptions
    from pg_class c
    where c.relnamespace = '$schema'::regnamespace and c.relkind = 'r'
  )
  select text from (
    select relname as name, 1 as part, relname as detail,
      format(E'create table pawl.%s (\\n%s\\n)%s', relname,
        concat_ws(E',\\n',
          (select string_agg(
             format('  %s %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
               case when a.attcollation <> t.typcollation then format(' collate %I', l.collname) else '' end,
               case when a.attnotnull then ' not null' else '' end,
               coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')),
             E',\\n' order by a.attnum)
           from pg_attribute a
           join pg_type t on t.oid = a.atttypid
           left join pg_collation l on l.oid = a.attcollation
           left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
           where a.attrelid = tables.oid and a.attnum > 0 and not a.attisdropped),
          (select string_agg('  ' || pg_get_constraintdef(k.oid), E',\\n' order by k.conname)
           from pg_constraint k
           where k.conrelid = tables.oid and k.contype <> 'n')),
        coalesce(E' with (\\n  ' || array_to_string(reloptions, E',\\n  ') || E'\\n)', '')) as text
    from tables
    union all
    select tables.relname, 2, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    from tables
    join pg_index i on i.indrelid = tables.oid
    where not i.indisprimary
    union all
    select 'function ' || p.proname, 3, '',
      format('create function pawl.%s(%s) returns %s%s', p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
        coalesce(' set ' || array_to_string(p.proconfig, ' set '), ''))
    from pg_proc p
    where p.pronamespace = '$schema'::regnamespace
  ) as objects
  order by part = 3, name collate "C", part, detail collate "C"`;
