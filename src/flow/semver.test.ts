import { describe, expect, it } from 'vitest';
import { compareSemver, isSemver } from './semver.ts';

describe('semver', () => {
  it('orders as semver 2.0 does', () => {
    const ordered = [
      '0.9.0',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '2.0.0',
      '9.0.0',
      '10.0.0',
      '10.0.1',
      '10.10.0',
    ];
    const shuffled = [...ordered].sort();
    expect(shuffled.sort(compareSemver)).toEqual(ordered);
    expect(compareSemver('1.0.0', '1.0.0')).toBe(0);
  });

  it.each(['1.0.0', '0.0.1-rc.1', '1.2.3-x-y-z.1'])('knows %s', (version) => expect(isSemver(version)).toBe(true));
  it.each(['1', '1.0', 'v1.0.0', '01.0.0', '1.0.0+build', '1.0.0-', '1.0.0-01', '', '1.0.0 ', '9'.repeat(200)])('refuses %j', (version) =>
    expect(isSemver(version)).toBe(false),
  );
});
