import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc32c } from './crc32c.ts';
import { Crc64Nvme } from './crc64nvme.ts';
import type { DeclaredDigest, DigestAlgorithm } from './digestHeaders.ts';

interface RunningDigest {
  update(chunk: Uint8Array): unknown;
  digest(encoding: 'hex'): string;
}

/** Digests of one stream of bytes, as many as were asked for. */
export class Digests {
  readonly #running: ReadonlyMap<DigestAlgorithm, RunningDigest>;

  constructor(algorithms: Iterable<DigestAlgorithm>) {
    this.#running = new Map([...algorithms].map((algorithm) => [algorithm, runningDigest(algorithm)]));
  }

  update(chunk: Uint8Array): void {
    for (const digest of this.#running.values()) digest.update(chunk);
  }

  /** Hexadecimal, by algorithm. To be asked once, at the end. */
  finish(): ReadonlyMap<DigestAlgorithm, string> {
    return new Map([...this.#running].map(([algorithm, digest]) => [algorithm, digest.digest('hex')]));
  }
}

function runningDigest(algorithm: DigestAlgorithm): RunningDigest {
  switch (algorithm) {
    case 'crc32':
      return checksum(crc32);
    case 'crc32c':
      return checksum(crc32c);
    case 'crc64nvme':
      return new Crc64Nvme();
    default:
      return createHash(algorithm);
  }
}

function checksum(next: (chunk: Uint8Array, sum: number) => number): RunningDigest {
  let sum = 0;
  return {
    update: (chunk) => {
      sum = next(chunk, sum);
    },
    digest: () => sum.toString(16).padStart(8, '0'),
  };
}

/**
 * Compares the bytes of a body with what its answer declared. RFC 9530 counts the content coding in, and some servers
 * do not: of an encoded body either the encoded or the decoded bytes may match.
 */
export class DigestCheck {
  readonly #declared: readonly DeclaredDigest[];
  readonly #content: Digests;
  readonly #decoded: Digests | null;

  constructor(declared: readonly DeclaredDigest[], coded: boolean) {
    const algorithms = new Set(declared.map((digest) => digest.algorithm));
    this.#declared = declared;
    this.#content = new Digests(algorithms);
    this.#decoded = coded ? new Digests(algorithms) : null;
  }

  content(chunk: Uint8Array): void {
    this.#content.update(chunk);
  }

  decoded(chunk: Uint8Array): void {
    this.#decoded?.update(chunk);
  }

  /** The digests that do not match. To be asked once, at the end. */
  mismatches(): readonly DeclaredDigest[] {
    const content = this.#content.finish();
    const decoded = this.#decoded?.finish();
    const matches = ({ algorithm, expected }: DeclaredDigest) =>
      content.get(algorithm) === expected || decoded?.get(algorithm) === expected;
    return this.#declared.filter((digest) => !matches(digest));
  }
}
