import type { FetchRequest, HeaderMap } from '../../model/attempt.ts';
import { dispositionName } from '../http/contentDisposition.ts';
import { field, fields } from '../http/headers.ts';
import { botWall } from '../outcome/botWall.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { serviceResponse } from '../service/serviceResponse.ts';
import { challengePage } from '../sniff/challengePage.ts';
import type { SampleRange, Sniffed } from '../sniff/Finding.ts';
import { HeadText } from '../sniff/headText.ts';
import { sniff } from '../sniff/sniff.ts';
import { fileName } from './fileName.ts';

/** What is known of a body beside its bytes. */
export interface ClassifyContext {
  readonly headers: HeaderMap;
  readonly request: FetchRequest;
  readonly finalUrl: string;
  /** `capabilities`: a document of an OGC service and nothing else. */
  readonly expects: 'anything' | 'capabilities';
}

/** The bytes, as far as they have come. */
interface ClassifyInput {
  /** The first 64 KiB, decoded. */
  readonly head: Buffer;
  readonly complete: boolean;
  /** The range of the body that an earlier classification of the same head pointed to. */
  readonly secondSample: Buffer | null;
}

/** What the first bytes are. `refusal`: why they are not archived. */
export interface Classification {
  readonly refusal: Failure | null;
  readonly mediaType: string | null;
  readonly format: string | null;
  readonly charset: string | null;
  readonly filename: string | null;
  readonly service: string | null;
  readonly evidence: readonly string[];
  /** The range of the body that would tell more. */
  readonly sampleRange: SampleRange | null;
}

const NOTHING: Omit<Classification, 'refusal'> = {
  mediaType: null,
  format: null,
  charset: null,
  filename: null,
  service: null,
  evidence: [],
  sampleRange: null,
};

/** Is it data, and under which name is it kept? The head is decoded to text, and parsed, once for all that ask. */
export function classify(about: ClassifyContext, { head, complete, secondSample }: ClassifyInput): Classification {
  const { headers, request, finalUrl, expects } = about;
  const contentType = field(headers, 'content-type');
  const text = new HeadText(head, contentType);
  const service = mayBeService(head) ? serviceResponse(text, contentType) : null;
  if (service?.kind === 'exception' && !service.formless) return errorReport(service.message);
  if (expects === 'capabilities' && !service) return noService('The service did not answer with its capabilities.');
  const { declaredFormat, resourceName } = request;
  const name = proposedName(headers) ?? resourceName;
  const sniffed = sniff({ head, text, complete, secondSample, contentType, declaredFormat, name, url: finalUrl });
  if (service?.kind === 'exception' && sniffed.data) return errorReport(service.message);
  const wall = sniffed.format === 'HTML' && !sniffed.data ? challengePage(text.text, false) : null;
  if (wall !== null) return { ...NOTHING, refusal: botWall(`a page of ${wall}`), evidence: sniffed.evidence };
  return classification(sniffed, service?.kind === 'capabilities' ? service.service : null, about);
}

function classification(sniffed: Sniffed, service: string | null, about: ClassifyContext): Classification {
  const { data, mediaType, format, charset, extension, sampleRange } = sniffed;
  const { finalUrl, request, headers } = about;
  const contentDisposition = disposition(headers);
  return {
    refusal: data ? null : failure('not-data', sniffed.notData ?? 'This is no data.'),
    mediaType,
    format,
    charset,
    filename: data ? fileName({ contentDisposition, finalUrl, resourceName: request.resourceName, extension }) : null,
    service,
    evidence: service === null ? sniffed.evidence : [`a service describes itself: ${service}`, ...sniffed.evidence],
    sampleRange,
  };
}

/** Of a repeated field the first that names something. */
function disposition(headers: HeaderMap): string | null {
  return fields(headers, 'content-disposition').find((value) => dispositionName(value) !== null) ?? null;
}

function proposedName(headers: HeaderMap): string | null {
  const value = disposition(headers);
  return value === null ? null : dispositionName(value);
}

function errorReport(message: string): Classification {
  return noService(`The service answered with an error report: ${message}`);
}

function noService(reason: string): Classification {
  return { ...NOTHING, refusal: failure('service-error', reason) };
}

/** Only XML and JSON can be a service's answer; other bodies are spared the look. */
function mayBeService(head: Buffer): boolean {
  const [first = 0] = head;
  return first === 0x3c || first === 0x7b || first <= 0x20 || first >= 0xef;
}
