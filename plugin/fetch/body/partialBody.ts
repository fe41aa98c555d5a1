import { partialSign } from '../service/partialAnswer.ts';
import { BodySample } from './bodySample.ts';
import { HEAD_BYTES } from './headBytes.ts';
import { joinChunks } from './joinChunks.ts';

/** The two ends of a body that may be JSON or XML, where such answers say that they are a part. */
export class PartialBody {
  #head: Buffer[] = [];
  #bytes = 0;
  #end: BodySample | null = null;
  #isDocument: boolean | null = null;

  push(chunk: Buffer): void {
    this.#isDocument ??= mayBeDocument(chunk);
    if (this.#isDocument === false) return;
    if (this.#bytes < HEAD_BYTES) this.#head.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > HEAD_BYTES) this.#end ??= new BodySample('end');
    this.#end?.push(chunk);
  }

  /** In which words it says so; null: it does not. */
  sign(): string | null {
    if (this.#isDocument !== true) return null;
    const head = joinChunks(this.#head);
    const end = this.#end?.bytes() ?? null;
    if (end === null || this.#bytes <= head.length) return partialSign(head.toString(), null);
    return partialSign(head.subarray(0, HEAD_BYTES).toString(), end.toString());
  }
}

/** null: there is only whitespace so far. */
function mayBeDocument(chunk: Buffer): boolean | null {
  const first = chunk.find((byte) => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf);
  return first === undefined ? null : first === 0x7b || first === 0x3c;
}
