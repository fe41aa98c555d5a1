import type { Body } from '../../model/body.ts';
import { BodySample } from './bodySample.ts';
import type { StageTarget } from './bodySink.ts';
import type { Step } from './bodyStep.ts';
import { type Classification, type ClassifyContext, classify } from './classify.ts';
import { HEAD_BYTES } from './headBytes.ts';
import { joinChunks } from './joinChunks.ts';

/** What one body is: by its first bytes, and once more by a second sample where they point to one. */
export class BodyClassifier {
  readonly #context: ClassifyContext;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #found: Classification | null = null;
  #second: { readonly head: Buffer; readonly sample: BodySample } | null = null;

  constructor(context: ClassifyContext) {
    this.#context = context;
  }

  /** null: nothing is known yet. */
  get found(): Classification | null {
    return this.#found;
  }

  /** Where the bytes go. */
  get target(): StageTarget {
    const { filename = null, mediaType = null } = this.#found ?? {};
    return { key: `${this.#context.request.keyPrefix}/${filename}`, mediaType };
  }

  /** What is known, for the record. */
  describe(): Omit<Body, 'bytes' | 'md5' | 'sha256'> {
    const { mediaType = null, format = null, charset = null, filename = null, service = null } = this.#found ?? {};
    return { mediaType, format, charset, filename, service };
  }

  push(chunk: Buffer): Step {
    this.#bytes += chunk.length;
    if (this.#found) {
      this.#second?.sample.push(chunk);
      return 'more';
    }
    this.#chunks.push(chunk);
    return this.#bytes < HEAD_BYTES ? 'more' : this.#classify(false);
  }

  /** All bytes have come. `isStaging`: they are being staged under the first name, which stays. */
  end(isStaging: boolean): Step {
    if (!this.#found) return this.#classify(true);
    if (this.#second) this.#classifyAgain(this.#found, this.#second.head, this.#second.sample.bytes(), isStaging);
    return 'more';
  }

  #classify(complete: boolean): Step {
    const whole = joinChunks(this.#chunks);
    const head = whole.length > HEAD_BYTES ? whole.subarray(0, HEAD_BYTES) : whole;
    const found = classify(this.#context, { head, complete, secondSample: null });
    this.#found = found;
    if (!complete && found.sampleRange !== null) {
      const sample = new BodySample(found.sampleRange);
      for (const chunk of this.#chunks) sample.push(chunk);
      this.#second = { head, sample };
    }
    this.#chunks = [];
    return found.refusal ? { failure: found.refusal, found, bytes: complete ? this.#bytes : null } : 'more';
  }

  /** Only of a container is a second sample taken, and a container is data whatever is in it. */
  #classifyAgain(first: Classification, head: Buffer, secondSample: Buffer, isStaging: boolean): void {
    if (secondSample.length === 0) return;
    const second = classify(this.#context, { head, complete: false, secondSample });
    if (!second.refusal) this.#found = isStaging ? { ...second, filename: first.filename } : second;
  }
}
