import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type CertificateName = 'good' | 'wrongHost' | 'expired' | 'selfSigned' | 'client';

const folder = new URL('./certificates/', import.meta.url);

/** PEM texts; what each is good for stands in the folder's README. */
export function certificate(name: CertificateName): { readonly cert: string; readonly key: string } {
  return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
}

/** For `ca` settings. */
export function authority(): string {
  return read('ca.pem');
}

/** For NODE_EXTRA_CA_CERTS. */
export const AUTHORITY_FILE = fileURLToPath(new URL('ca.pem', folder));

function read(file: string): string {
  return readFileSync(new URL(file, folder), 'utf8');
}
