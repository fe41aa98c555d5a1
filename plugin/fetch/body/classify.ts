import type { FetchRequest, HeaderMap } from '../../model/attempt.ts';
import { dispositionName } from '../http/contentDisposition.ts';
import { field, fields } from '../http/headers.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { serviceResponse } from '../service/serviceResponse.ts';
import type { SampleRange } from '../sniff/Finding.ts';
import { HeadText } from '../sniff/headText.ts';
import { sniff } from '../sniff/sniff.ts';
import { fileName } from './fileName.ts';

export interface JudgeInput {
  /** The first 64 KiB, decoded. */
  readonly head: Buffer;
  readonly complete: boolean;
  /** The piece of the body that an earlier verdict pointed to. */
  readonly later: Buffer | null;
  readonly headers: HeaderMap;
  readonly request: FetchRequest;
  readonly finalUrl: string;
  readonly expects: 'anything' | 'capabilities';
}

/** What the first bytes are. `refusal`: why they are not archived. */
export interface Verdict {
  readonly refusal: Failure | null;
  /** A service's error report, or no capabilities where only they would do. */
  readonly notService: boolean;
  readonly mediaType: string | null;
  readonly format: string | null;
  readonly charset: string | null;
  readonly filename: string | null;
  readonly service: string | null;
  readonly evidence: readonly string[];
  /** What else of the body would tell more. */
  readonly later: SampleRange | null;
}

const NOTHING: Omit<Verdict, 'refusal' | 'notService'> = {
  mediaType: null,
  format: null,
  charset: null,
  filename: null,
  service: null,
  evidence: [],
  later: null,
};

/** Is it data, and under which name is it kept? */
export function judge(input: JudgeInput): Verdict {
  const { head, complete, later, headers, request, finalUrl, expects } = input;
  const contentType = field(headers, 'content-type');
  const text = new HeadText(head, contentType);
  const service = mayBeService(head) ? serviceResponse(text, contentType) : null;
  if (service?.kind === 'exception' && !service.formless) return errorReport(service.message);
  if (expects === 'capabilities' && !service) return noService('The service did not answer with its capabilities.');
  // Of a repeated field the first that names something.
  const dispositions = fields(headers, 'content-disposition');
  const disposition = dispositions.find((value) => dispositionName(value) !== null) ?? null;
  const proposed = disposition === null ? null : dispositionName(disposition);
  const { declaredFormat, resourceName } = request;
  const name = proposed ?? resourceName;
  const sniffed = sniff({
    head,
    text,
    complete,
    secondSample: later,
    contentType,
    declaredFormat,
    name,
    url: finalUrl,
  });
  if (service?.kind === 'exception' && sniffed.data) return errorReport(service.message);
  const { mediaType, format, charset, extension, evidence } = sniffed;
  const refusal = sniffed.data ? null : failure('not-data', sniffed.notData ?? 'This is no data.');
  const filename = sniffed.data
    ? fileName({ contentDisposition: disposition, finalUrl, resourceName, extension })
    : null;
  return {
    refusal,
    notService: false,
    mediaType,
    format,
    charset,
    filename,
    service: service?.kind === 'capabilities' ? service.service : null,
    evidence:
      service?.kind === 'capabilities' ? [`a service describes itself: ${service.service}`, ...evidence] : evidence,
    later: sniffed.sampleRange,
  };
}

function errorReport(message: string): Verdict {
  return noService(`The service answered with an error report: ${message}`);
}

function noService(reason: string): Verdict {
  return { ...NOTHING, refusal: failure('service-error', reason), notService: true };
}

/** Only XML and JSON can be a service's answer; other bodies are spared the look. */
function mayBeService(head: Buffer): boolean {
  const [first = 0] = head;
  return first === 0x3c || first === 0x7b || first <= 0x20 || first >= 0xef;
}
