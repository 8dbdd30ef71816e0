import { describe, expect, it } from 'vitest';
import { shownUrl } from './shown-url.ts';

describe('a URL is shown without its password', () => {
  it.each([
    ['postgres://pawl:secret@db/pawl', 'postgres://pawl:***@db/pawl'],
    ['postgres://:secret@db:5432/pawl?sslmode=require', 'postgres://:***@db:5432/pawl?sslmode=require'],
    ['postgres://pawl:s3cr@et-word@db/pawl', 'postgres://pawl:***@db/pawl'],
    ['postgres://pawl:se/cr@et@db/pawl', 'postgres://pawl:***@db/pawl'],
    ['postgres://pawl:1#secret@db/pawl', 'postgres://pawl:***@db/pawl'],
    ['postgres://pawl:se?cret@db/pawl', 'postgres://pawl:***@db/pawl'],
    ['postgres://pawl:secret@[::1]:5432/pawl', 'postgres://pawl:***@[::1]:5432/pawl'],
    ['postgres://pawl:secret', 'postgres://pawl:***'],
    ['postgres://pawl:12secret', 'postgres://pawl:***'],
    ['postgres://pawl:123-secret', 'postgres://pawl:***'],
    ['postgres://app@server:secret@db:5432/pawl', 'postgres://app@server:***@db:5432/pawl'],
    ['postgres://pawl@db/pawl?password=secret&sslpassword=se%20cret&application_name=a', expect.stringContaining('&application_name=a')],
    ['mysql+x://root:secret@db/x', 'mysql+x://root:***@db/x'],
    ['Error: http://app:secret@localhost:3000/x is away', 'Error: http://app:***@localhost:3000/x is away'],
  ])('%s as %s', (url, shown) => {
    expect(shownUrl(url)).toEqual(shown);
    expect(shownUrl(url)).not.toMatch(/secret|cret|et@/);
  });

  it.each(['http://localhost:3000/flow', 'http://[::1]:3000', 'postgres://pawl@db:5432/pawl', 'sqlite:/data/pawl.db', './pawl.db'])(
    '%s has none, and is shown as it is',
    (url) => expect(shownUrl(url)).toBe(url),
  );
});
