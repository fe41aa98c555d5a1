import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc32c } from './crc32c.ts';
import type { DeclaredDigest, DigestAlgorithm } from './digestHeaders.ts';

/** Digests of one stream of bytes, as many as were asked for. */
export class Digests {
  readonly #hashes = new Map<DigestAlgorithm, Hash>();
  readonly #sums = new Map<DigestAlgorithm, number>();

  constructor(algorithms: Iterable<DigestAlgorithm>) {
    for (const algorithm of algorithms) {
      if (algorithm === 'crc32' || algorithm === 'crc32c') this.#sums.set(algorithm, 0);
      else this.#hashes.set(algorithm, createHash(algorithm));
    }
  }

  update(chunk: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(chunk);
    for (const [algorithm, sum] of this.#sums) {
      this.#sums.set(algorithm, algorithm === 'crc32' ? crc32(chunk, sum) : crc32c(chunk, sum));
    }
  }

  /** Hexadecimal, by algorithm. To be asked once, at the end. */
  finish(): ReadonlyMap<DigestAlgorithm, string> {
    const found = new Map<DigestAlgorithm, string>();
    for (const [algorithm, hash] of this.#hashes) found.set(algorithm, hash.digest('hex'));
    for (const [algorithm, sum] of this.#sums) found.set(algorithm, sum.toString(16).padStart(8, '0'));
    return found;
  }
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

  /** The first digest that does not match; null when all do. */
  mismatch(): DeclaredDigest | null {
    const content = this.#content.finish();
    const decoded = this.#decoded?.finish();
    const matches = ({ algorithm, expected }: DeclaredDigest) =>
      content.get(algorithm) === expected || decoded?.get(algorithm) === expected;
    return this.#declared.find((digest) => !matches(digest)) ?? null;
  }
}
