import type { Acceptance } from './acceptance.ts';
import type { DataLink } from './dataLink.ts';
import type { StageRef } from './stage.ts';
import type { Code } from './status.ts';

/** What the archiver knows of a URL from an earlier answer; the ground for conditional requests and freshness. */
export interface Known {
  /** The URL that was archived. Validators of another URL are never sent. */
  readonly url: string;
  /** The URL that answered in the end, where redirects led elsewhere: its validators are sent there and nowhere else. */
  readonly finalUrl?: string | null;
  /** When an answer last confirmed the copy; ISO 8601. */
  readonly storedAt: string;
  /** The status and headers of that answer; header names in lower case, a repeated one as a list. */
  readonly status: number;
  readonly headers: HeaderMap;
  /** null: the copy is missing, so nothing may be spared. */
  readonly bytes: number | null;
  readonly md5: string | null;
  readonly sha256: string | null;
  /** false: the last attempt failed, so freshness is not trusted. */
  readonly ok: boolean;
  /** false: this host was caught answering 304 or an equal length for changed bytes. */
  readonly trusted?: boolean;
  /** What was read last and not taken; gone once something is taken. */
  readonly doubted?: Doubted | null;
  /** Fields whose digests were proved to be wrong for good, e.g. `Content-MD5`: they speak against no body any more. */
  readonly wrongDigests?: readonly string[];
  /** The copy ends in the middle: one that does not may take its place without more ado. */
  readonly suspect?: boolean;
}

/** Bytes that came whole and were not taken, because something spoke against them: the same once more are no accident. */
export interface Doubted {
  /** The URL that was asked for. */
  readonly url: string;
  readonly sha256: string;
  /** The fields whose digests did not match; `end`: the file ends in the middle. */
  readonly by: readonly string[];
  /** Full reads in a row that ended so. */
  readonly reads: number;
}

/** Header fields by lower-case name; a field that came more than once as a list, in the order of arrival. */
export type HeaderMap = Readonly<Record<string, string | readonly string[]>>;

/** One URL to fetch. Plain data: it crosses to a worker thread. */
export interface FetchRequest {
  readonly url: string;
  /** `demand` always asks; `sweep` may answer `still-fresh`; `check` reads the head of the answer only. */
  readonly mode: 'demand' | 'sweep' | 'check';
  readonly known: Known | null;
  readonly declaredFormat: string | null;
  readonly resourceName: string | null;
  readonly datasetTitle?: string | null;
  /** A page is read to its end, and the references in it to the data itself are answered. */
  readonly findLinks?: boolean;
  /** A limit below the setting, for what is left of a total. */
  readonly maxBytes?: number;
  /** Epoch milliseconds, for freshness decisions alone. */
  readonly now: number;
  /** A new copy goes where those of private datasets lie. */
  readonly isPrivate?: boolean;
  /** false: a 202 ends the attempt, so that who waits for what it promises holds no place of its host. */
  readonly waitsFor202?: boolean;
  /** Where a new copy would go: `archive/{timestamp}/{resourceid}`; the file name is found while fetching. */
  readonly keyPrefix: string;
  /** The `Authorization` field for `url` itself, which no redirect takes along; absent or null: none. */
  readonly authorization?: string | null;
}

/** One hop of a redirect chain: absolute URLs without credentials, and the 3xx status that led on. */
export interface Redirect {
  readonly status: number;
  readonly from: string;
  readonly to: string;
}

/**
 * One try at fetching: what was asked, what came back, how it ended. Plain data.
 *
 * `fetched`: new bytes lie in `stage`. `unchanged`: the copy we have is still right. `refused`: we chose not to
 * (also `checked-only`). `failed`: the server, the network or the URL. None of these is an error.
 */
export interface Attempt {
  readonly kind: 'fetched' | 'unchanged' | 'refused' | 'failed';
  readonly code: Code;
  /** A sentence for people; names numbers and evidence; holds no credentials. */
  readonly reason: string;
  /** Which address or port was meant, where the reason keeps silent about it: for the operator's log, never the public. */
  readonly detail?: string | null;
  /** As {@link CodeMeaning}, but for this very answer: e.g. a 500 is transient, a 404 is not. */
  readonly transient: boolean;
  readonly broken: boolean | null;
  /** What the server asked us to wait before the next try, already capped; null when it did not. */
  readonly retryAfterMs: number | null;
  readonly url: string;
  readonly status: number | null;
  readonly finalUrl: string | null;
  readonly redirects: readonly Redirect[];
  /** true: `finalUrl` differs from `url`, and every redirect on the way was permanent (301, 308). */
  readonly moved: boolean;
  /** Bytes of the representation (decoded); for a refusal what the answer declared; null when unknown. */
  readonly bytes: number | null;
  readonly md5: string | null;
  readonly sha256: string | null;
  readonly mediaType: string | null;
  readonly format: string | null;
  readonly charset: string | null;
  readonly filename: string | null;
  readonly validators: { readonly etag: string | null; readonly lastModified: string | null };
  /** ISO 8601, or null when the answer is not fresh at all. */
  readonly freshUntil: string | null;
  /** Status and headers of the final answer that freshness and conditions need; the next `Known` is made of it. */
  readonly answer: { readonly status: number; readonly headers: HeaderMap } | null;
  /** All requests sent, hops and resumptions included. */
  readonly requests: number;
  readonly resumed: number;
  readonly lenient: boolean;
  /** Bytes read from the wire, for a host's budget. */
  readonly wireBytes: number;
  readonly evidence: readonly string[];
  /** WMS, WFS …: which service's capabilities were archived, e.g. `WMS 1.3`. */
  readonly service: string | null;
  /** A host that answered 304 or an equal length for bytes that had changed. */
  readonly liar: boolean;
  readonly ms: number;
  /** From the last request to the head of its answer, milliseconds; null or absent: none came. */
  readonly firstByteMs?: number | null;
  /** Only for `fetched`: bytes written but not yet visible in the store. */
  readonly stage: StageRef | null;
  /** Of a page, where they were asked for: the likeliest first, at most 50. */
  readonly links?: readonly DataLink[];
  /** Of `requests` and `wireBytes`, those of other hosts than the link's, which they are charged to already; `ended`: the last. */
  readonly elsewhere?: { readonly requests: number; readonly wireBytes: number; readonly ended: boolean };
  /** Set: nothing was learnt, for a host where the link leads has no place now; to be made again after so long. */
  readonly deferredMs?: number;
  /** Licences and forms that were accepted on the way. */
  readonly accepted?: readonly Acceptance[];
  /** Only for what came whole and was not taken. */
  readonly doubted?: Doubted;
  /** As of {@link Known}: those of this answer. */
  readonly wrongDigests?: readonly string[];
  /** A sentence for people: why the bytes are likely not all of the file, although their length is right. */
  readonly suspect?: string;
  /** true: the answer says that it is a part of what was asked for. */
  readonly partial?: boolean;
}
