import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP } from 'node:net';

/** Addresses that are not of the public internet: this machine, its networks, and what is reserved or mapped onto them. */
const privateRanges: readonly (readonly [address: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
// Of IPv6 only 2000::/3 is handed out; inside it some ranges tunnel to IPv4 or are for documentation.
const privateRanges6: readonly (readonly [address: string, prefix: number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const blocked = new BlockList();
for (const [address, prefix] of privateRanges) blocked.addSubnet(address, prefix, 'ipv4');
for (const [address, prefix] of privateRanges6) blocked.addSubnet(address, prefix, 'ipv6');
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');

/** True for an address that a flow must not reach unless the program allows it. */
export function isPrivateAddress(address: string): boolean {
  if (isIP(address) === 4) return blocked.check(address, 'ipv4');
  return isIP(address) !== 6 || !global6.check(address, 'ipv6') || blocked.check(address, 'ipv6');
}

export type Lookup = typeof dnsLookup;
type LookupDone = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/**
 * A DNS look-up that fails for a name with any private address. The socket connects to the very addresses that were
 * judged here, so a name that answers differently the next time gains nothing (DNS rebinding).
 */
export function guardedLookup(lookup: Lookup = dnsLookup): Lookup {
  const guarded = (hostname: string, options: object, done: LookupDone): void => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return done(error, []);
      const addresses: LookupAddress[] = found;
      const hidden = addresses.find(({ address }) => isPrivateAddress(address));
      if (hidden) return done(privateAddress(hostname, hidden.address), []);
      if ((options as { all?: boolean }).all) return done(null, addresses);
      const [first] = addresses;
      return first ? done(null, first.address, first.family) : done(notFound(hostname), []);
    });
  };
  return guarded as unknown as Lookup;
}

export function privateAddress(host: string, address: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(
    `"${host}" is at ${address}, a private address; the program must allow it with allowPrivateAddresses.`,
  );
  error.code = 'EPRIVATE';
  return error;
}

function notFound(host: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`"${host}" has no address.`);
  error.code = 'ENOTFOUND';
  return error;
}
