/** Bytes as the SDK encrypts them for a run. */
export async function seal(raw: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', new Uint8Array(raw), 'AES-GCM', false, ['encrypt']);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new Uint8Array(bytes));
  return Buffer.concat([Buffer.from('encr'), iv, new Uint8Array(sealed)]);
}
