import type { HeaderMap } from '../../model/attempt.ts';
import { field, fields } from '../http/headers.ts';

/** What servers send digests of that we can check: names of node:crypto, and three checksums. */
export type DigestAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512' | 'crc32' | 'crc32c' | 'crc64nvme';

/** What an answer says the digest of its bytes is. */
export interface DeclaredDigest {
  /** For people: `Content-MD5`, `Repr-Digest sha-256`. */
  readonly source: string;
  readonly algorithm: DigestAlgorithm;
  /** Hexadecimal, lower case. */
  readonly expected: string;
}

/** All digests of one response. `evidence`: those that cannot be checked, in words. */
export interface DeclaredDigests {
  readonly digests: readonly DeclaredDigest[];
  /** Digests that cannot be checked, in words. */
  readonly evidence: readonly string[];
}

const BYTES: Readonly<Record<DigestAlgorithm, number>> = {
  md5: 16,
  sha1: 20,
  sha256: 32,
  sha512: 64,
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
};

/** Names of RFC 9530's registry that we compute, its insecure ones too: they still find accidents. */
const RFC9530: Readonly<Record<string, DigestAlgorithm>> = {
  'sha-256': 'sha256',
  'sha-512': 'sha512',
  md5: 'md5',
  sha: 'sha1',
  crc32c: 'crc32c',
};

const AMAZON: readonly DigestAlgorithm[] = ['sha256', 'sha1', 'crc32', 'crc32c', 'crc64nvme'];

/** Reads `Content-MD5`, `Content-Digest` and `Repr-Digest` (RFC 9530), `x-goog-hash`, `x-amz-checksum-…`. */
export function declaredDigests(headers: HeaderMap): DeclaredDigests {
  const digests: DeclaredDigest[] = [];
  const evidence: string[] = [];
  const add = (source: string, algorithm: DigestAlgorithm | null, text: string) => {
    const expected = algorithm && hexOf(text, BYTES[algorithm]);
    if (algorithm && expected) digests.push({ source, algorithm, expected });
    else evidence.push(`${source} cannot be checked`);
  };
  for (const value of fields(headers, 'content-md5')) add('Content-MD5', 'md5', value);
  for (const name of ['content-digest', 'repr-digest'] as const) readStructured(headers, name, add, evidence);
  readGoogle(headers, add);
  readAmazon(headers, add, evidence);
  return { digests, evidence };
}

type Add = (source: string, algorithm: DigestAlgorithm | null, text: string) => void;

const TITLES = { 'content-digest': 'Content-Digest', 'repr-digest': 'Repr-Digest' } as const;

/** A dictionary of byte sequences, RFC 8941 section 3.2: a key's last value counts. */
function readStructured(headers: HeaderMap, name: keyof typeof TITLES, add: Add, evidence: string[]): void {
  const text = field(headers, name);
  if (text === null) return;
  const found = new Map<string, string>();
  for (const member of text.split(',')) {
    const parsed = /^\s*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):\s*(?:;.*)?$/.exec(member);
    // One unreadable member makes the whole field void, RFC 8941 section 4.2.
    if (!parsed) {
      evidence.push(`${TITLES[name]} is not readable`);
      return;
    }
    found.set(parsed[1] ?? '', parsed[2] ?? '');
  }
  for (const [key, value] of found) add(`${TITLES[name]} ${key}`, RFC9530[key] ?? null, value);
}

function readGoogle(headers: HeaderMap, add: Add): void {
  const stored = field(headers, 'x-goog-stored-content-encoding');
  const served = field(headers, 'content-encoding') ?? 'identity';
  // The hash is that of the stored object: with decompressive transcoding other bytes come.
  if (stored !== null && stored.trim().toLowerCase() !== served.trim().toLowerCase()) return;
  for (const member of (field(headers, 'x-goog-hash') ?? '').split(',')) {
    const found = /^\s*(md5|crc32c)\s*=\s*(\S+)\s*$/i.exec(member);
    if (found) add(`x-goog-hash ${found[1]}`, found[1]?.toLowerCase() === 'md5' ? 'md5' : 'crc32c', found[2] ?? '');
  }
}

function readAmazon(headers: HeaderMap, add: Add, evidence: string[]): void {
  const composite = field(headers, 'x-amz-checksum-type')?.trim().toUpperCase() === 'COMPOSITE';
  for (const algorithm of AMAZON) {
    const name = `x-amz-checksum-${algorithm}`;
    const value = field(headers, name);
    if (value === null) continue;
    // A multipart upload's checksum is one of checksums, `…-3`: it says nothing of the whole.
    if (composite || /-\d+$/.test(value.trim())) evidence.push(`${name} is one of parts`);
    else add(name, algorithm, value);
  }
}

function hexOf(text: string, bytes: number): string | null {
  const value = text.trim();
  if (value.length === bytes * 2 && /^[0-9a-f]+$/i.test(value)) return value.toLowerCase();
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return null;
  const decoded = Buffer.from(value, 'base64');
  return decoded.length === bytes ? decoded.toString('hex') : null;
}
