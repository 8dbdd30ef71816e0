import { describe, expect, it } from 'vitest';
import { forwardedAddress } from './forwarded-address.ts';

describe('the address that trusted proxies say', () => {
  it.each([
    { proxies: 1, header: '203.0.113.7', address: '203.0.113.7' },
    { proxies: 1, header: 'made up by the client, 203.0.113.7', address: '203.0.113.7' },
    { proxies: 2, header: 'made up by the client, 203.0.113.7 , 10.0.0.1', address: '203.0.113.7' },
    { proxies: 1, header: '2001:db8::7', address: '2001:db8::7' },
    { proxies: 2, header: '203.0.113.7', address: undefined },
    { proxies: 1, header: '203.0.113.7,', address: undefined },
    { proxies: 1, header: undefined, address: undefined },
  ])('is the one that proxy $proxies from here saw, and no one that stands further left: $header', ({ proxies, header, address }) => {
    const headers = header === undefined ? {} : { 'x-forwarded-for': header };
    expect(forwardedAddress(new Request('http://localhost/', { headers }), proxies)).toBe(address);
  });
});
