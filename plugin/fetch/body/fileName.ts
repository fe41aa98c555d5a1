import { isDangerousExtension } from '../../decide/dangerousExtension.ts';
import { dispositionName } from '../http/contentDisposition.ts';
import { decodePercent, lastSegment } from '../http/percent.ts';
import { isScriptExtension, splitExtension } from '../sniff/extensions.ts';
import { limitedName, safeName } from './safeName.ts';

interface FileNameInput {
  /** The field as it came: header bytes as ISO 8859-1 characters. */
  readonly contentDisposition: string | null;
  readonly finalUrl: string;
  readonly resourceName: string | null;
  /** Of the detected format, without a dot, e.g. `csv` or `csv.zip`; null when nothing was detected. */
  readonly extension: string | null;
}

const NAMELESS = 'resource';

/**
 * The name under which a copy is kept: what Content-Disposition proposes, else the last segment of the final URL's path,
 * else the resource's name, else `resource`; the first of them of which something is left once it has been made safe. At
 * most 200 bytes of UTF-8, one path segment, never `.` or `..`. A name without an extension gets the detected one; one
 * that ends like a program (`download.aspx`, `report.hta`) loses its own for it, or gets `.bin` where nothing was detected.
 */
export function fileName(input: FileNameInput): string {
  const proposals = [
    () => (input.contentDisposition === null ? null : dispositionName(input.contentDisposition)),
    () => segmentName(input.finalUrl),
    // A title, not a path: `Budget 2024/25`.
    () => input.resourceName?.replace(/[/\\]/g, '_') ?? null,
  ];
  const name = firstName(proposals) ?? NAMELESS;
  const { stem, extension } = splitExtension(name);
  return withSafeEnd(limitedName(stem, chosenExtension(extension, input.extension)), input.extension);
}

function chosenExtension(own: string, detected: string | null): string {
  if (detected === null) return own;
  return own === '' || isScriptExtension(own) || isDangerousExtension(own) ? detected : own;
}

/** What a double click would run ends so only where the bytes are just that. */
function withSafeEnd(name: string, detected: string | null): string {
  const last = name.slice(name.lastIndexOf('.') + 1);
  return name === last || last === detected || !isDangerousExtension(last) ? name : limitedName(name, 'bin');
}

function firstName(proposals: readonly (() => string | null)[]): string | null {
  for (const propose of proposals) {
    const name = safeName(propose() ?? '');
    if (name !== '') return name;
  }
  return null;
}

/** Decoded once; bytes that are not UTF-8 are taken for ISO 8859-1. */
function segmentName(url: string): string | null {
  const segment = lastSegment(url);
  return decodePercent(segment, 'utf-8') ?? decodePercent(segment, 'latin1');
}
