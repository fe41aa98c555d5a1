import type { DeclaredHints } from './declaredHints.ts';
import { formatByMediaType } from './formats.ts';

const EXCEL = /xmlns:x\s{0,5}=(?:3D)?\s{0,5}["']?urn:schemas-microsoft-com:office:excel/i;
const PROGRAM = /<meta\b[^<>]{0,200}\bExcel\.Sheet\b/i;
/** What pages have and no export of a table needs. */
const PAGE_ONLY = /<(form|input|select|button|script|nav|iframe|frameset)\b/i;

/**
 * Why a page is what programs write as a table for Excel; null when it is a page. Either it says so itself (the namespace or
 * ProgId of Excel), or it is sent under an Excel type and an `.xls` name and is a table of rows, without forms or scripts.
 */
export function excelPage(text: string, { mediaType, extension }: DeclaredHints): string | null {
  const rows = /<table\b/i.test(text) ? (text.match(/<tr\b/gi)?.length ?? 0) : 0;
  if (rows === 0) return null;
  if (EXCEL.test(text.slice(0, 4096)) || PROGRAM.test(text.slice(0, 4096)))
    return 'it is a table that HTML holds for Excel';
  const type = mediaType === null ? null : formatByMediaType(mediaType)?.format;
  const isSentAsExcel = (type === 'XLS' || type === 'XLSX') && (extension === 'xls' || extension === 'xlsx');
  return isSentAsExcel && rows >= 2 && !PAGE_ONLY.test(text)
    ? 'it is an HTML table that is sent as an Excel file'
    : null;
}

/** The same packed as MHTML (RFC 2557). */
export function excelArchive(text: string): string | null {
  const head = text.slice(0, 2000);
  const isArchive = /^(?:[\w-]{1,40}:[^\n]{0,500}\n|[ \t][^\n]{0,500}\n){0,20}?MIME-Version:/i.test(head);
  if (!isArchive || !/^Content-Type:\s{0,5}multipart\/related/im.test(head)) return null;
  return EXCEL.test(text) || PROGRAM.test(text) ? 'it is a web archive (MHTML) that holds a table for Excel' : null;
}
