import { isObject } from '../../decide/isObject.ts';
import { capabilitiesService } from '../sniff/capabilitiesRoot.ts';
import type { HeadText } from '../sniff/headText.ts';
import { isErrorName, sniffJson } from '../sniff/sniffJson.ts';
import type { XmlHead } from '../sniff/xmlHead.ts';

type ServiceResponse =
  | { readonly kind: 'capabilities' /** `WMS 1.3`, `WMS 1.1.1`, `WFS 2.0`, … */; readonly service: string }
  | {
      readonly kind: 'exception';
      /** The service's own words, shortened. */
      readonly message: string;
      /** An error of no service's own form: under a format that is no JSON it is a page in the file's place. */
      readonly formless?: true;
    };

const MAX_MESSAGE = 300;
const EXCEPTION_CODE = /error|exception|invalid|not ?found|denied|unauthori|forbidden|^[45]\d\d$/i;

/**
 * What a service's answer says of itself: capabilities, an exception report (which comes with 200 as often as not), or null
 * for anything else. The head may end anywhere.
 */
export function serviceResponse(head: HeadText, contentType: string | null): ServiceResponse | null {
  const first = head.text.trimStart()[0];
  if (first === '{') return jsonException(head, contentType) ?? jsonCapabilities(head);
  return first === '<' && head.xml ? xmlResponse(head.xml, head.text) : null;
}

function xmlResponse(root: XmlHead, text: string): ServiceResponse | null {
  if (/^(Service)?ExceptionReport$|^WMTException$/.test(root.localName) || isFault(root, text)) {
    return { kind: 'exception', message: exceptionMessage(text.slice(root.contentAt)) };
  }
  const service = capabilitiesService(root, text);
  return service ? { kind: 'capabilities', service } : null;
}

/** SOAP's way to say so, 1.1 and 1.2. */
function isFault(root: XmlHead, text: string): boolean {
  const content = text.slice(root.contentAt, root.contentAt + 4096);
  return root.localName === 'Envelope' && /soap/i.test(root.namespace ?? '') && /<(\w{1,20}:)?Fault[\s>]/.test(content);
}

function exceptionMessage(content: string): string {
  const text = content
    .slice(0, 8192)
    .replace(/<!\[CDATA\[|\]\]>/g, '')
    .replace(/<!--[\s\S]*?-->/g, ' ')
    .replace(/<[^<>]*>/g, ' ');
  const words = unescaped(text).replace(/\s+/g, ' ').trim();
  const code = /\s(?:exceptionCode|code)\s*=\s*["']([^"'<>]{1,80})["']/.exec(content.slice(0, 8192))?.[1];
  const message = words === '' ? (code ?? 'no reason given') : code ? `${code}: ${words}` : words;
  return shortened(message);
}

function unescaped(text: string): string {
  const characters: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
  return text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => characters[name] ?? '');
}

/** ArcGIS puts errors in an envelope with 200; OGC API sends `{code, description}` or RFC 9457 problem+json. */
function jsonException(head: HeadText, contentType: string | null): ServiceResponse | null {
  const { json } = head;
  if (!json || !isObject(json.value)) return null;
  const body = json.value;
  const { error } = body;
  if (isObject(error) && ('code' in error || 'message' in error) && !holdsData(body)) {
    const details = Array.isArray(error.details) ? error.details.filter((it) => typeof it === 'string') : [];
    return exception([error.code, error.message, ...details]);
  }
  if (/^application\/problem\+json\b/i.test(contentType ?? ''))
    return exception([body.status, body.title, body.detail]);
  if (isExceptionCode(body)) return exception([body.code, body.description ?? body.message]);
  if (isProblem(body)) return exception([body.status, body.title, body.detail]);
  const words = sniffJson(head, true)?.error;
  return words ? { kind: 'exception', message: shortened(words), formless: true } : null;
}

/** A member of an error proves nothing beside a list that holds something. */
function holdsData(body: Record<string, unknown>): boolean {
  return Object.entries(body).some(([name, value]) => !isErrorName(name) && holdsList(value));
}

function holdsList(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isObject(value) && Object.values(value).some(holdsList);
}

/** OGC API: `{code, description}` and no more. A code list has codes and descriptions too, but not such codes. */
function isExceptionCode(body: Record<string, unknown>): boolean {
  const own = Object.keys(body).every((key) => /^(code|description|message|details)$/.test(key));
  const { code } = body;
  return own && typeof code === 'string' && EXCEPTION_CODE.test(code);
}

/** RFC 9457 by its members alone, where the Content-Type does not say so: a title and a status, and no others beside them. */
function isProblem(body: Record<string, unknown>): boolean {
  const own = Object.keys(body).every((key) => /^(type|title|status|detail|instance)$/.test(key));
  return own && 'title' in body && Number(body.status) >= 400;
}

/** ArcGIS and OGC API describe themselves in JSON, which may be cut. */
function jsonCapabilities(head: HeadText): ServiceResponse | null {
  const { text } = head;
  const { keys } = head.scanJson(text.search(/\S/));
  const arcgis = ['services', 'layers', 'capabilities', 'serviceDescription', 'fields', 'geometryType'];
  if (keys.has('currentVersion') && arcgis.some((key) => keys.has(key)))
    return { kind: 'capabilities', service: 'ArcGIS' };
  const ogc = keys.has('links') && /"rel"\s{0,20}:\s{0,20}"(conformance|service-desc|service-doc|data)"/.test(text);
  return ogc && !keys.has('features') ? { kind: 'capabilities', service: 'OGC API' } : null;
}

function exception(words: readonly unknown[]): ServiceResponse {
  const said = words.filter((it) => typeof it === 'string' || typeof it === 'number').map(String);
  return {
    kind: 'exception',
    message: shortened(said.filter((it) => it.trim() !== '').join(': ') || 'no reason given'),
  };
}

function shortened(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return clean.length <= MAX_MESSAGE ? clean : `${clean.slice(0, MAX_MESSAGE - 1)}…`;
}
