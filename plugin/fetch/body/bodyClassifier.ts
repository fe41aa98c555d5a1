import type { Body } from '../outcome/outcome.ts';
import type { Place } from './bodySink.ts';
import { type JudgeInput, judge, type Verdict } from './classify.ts';

type About = Omit<JudgeInput, 'head' | 'complete' | 'later'>;

/** What one body is: by its first bytes, and once more by a later piece where they point to one. */
export class Judging {
  readonly #about: About;
  #head: Buffer | null = null;
  #verdict: Verdict | null = null;

  constructor(about: About) {
    this.#about = about;
  }

  get verdict(): Verdict | null {
    return this.#verdict;
  }

  described(): Omit<Body, 'bytes' | 'md5' | 'sha256'> {
    const { mediaType = null, format = null, charset = null, filename = null, service = null } = this.#verdict ?? {};
    return { mediaType, format, charset, filename, service };
  }

  first(head: Buffer, complete: boolean): Verdict {
    const verdict = judge({ ...this.#about, head, complete, later: null });
    if (verdict.later !== null) this.#head = head;
    this.#verdict = verdict;
    return verdict;
  }

  /**
   * Only of a container is a later piece asked for, and a container is data whatever is in it. `open`: the bytes are being
   * staged under the first verdict's name, which stays.
   */
  again(later: Buffer, open: boolean): Place | null {
    const [head, first] = [this.#head, this.#verdict];
    if (head && first && later.length > 0) {
      const second = judge({ ...this.#about, head, complete: false, later });
      if (!second.refusal) this.#verdict = open ? { ...second, filename: first.filename } : second;
    }
    return this.place();
  }

  /** Where the bytes go; null when they are not wanted. */
  place(): Place | null {
    const verdict = this.#verdict;
    if (!verdict || verdict.refusal) return null;
    const { mediaType, later } = verdict;
    return { key: `${this.#about.request.keyPrefix}/${verdict.filename}`, mediaType, later };
  }
}
