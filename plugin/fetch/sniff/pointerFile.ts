/** A small file that stands for another one, which a tool of version control would fetch. */
interface PointerFile {
  readonly tool: 'Git LFS' | 'git-annex' | 'DVC';
  readonly format: 'TXT' | 'YAML';
  /** What it points to, as its tool names it. */
  readonly target: string;
  /** Of the file it points to; null when it does not say. */
  readonly bytes: number | null;
}

/** Longer files are not read as pointers: Git LFS allows 1,024 bytes, git-annex one line, DVC writes about ten. */
const MAX_LENGTH = 4096;

const LFS_VERSION =
  /^version https?:\/\/(git-lfs\.github\.com\/spec\/v\d{1,3}|hawser\.github\.com\/spec\/v\d{1,3}|git-media\.io\/v\/\d{1,3})\r?\n/;
/** The pointer of a file that is not locked, or the text of a link where links cannot be made. */
const ANNEX_OBJECT = /^(?:(?:\.{1,2}\/)*\.git)?\/?annex\/objects\/(?:\S+\/)?([^\s/]+)\s*$/;
/** git-annex, internals, key format: `SHA256E-s1041415--9f86….csv`. */
const ANNEX_KEY = /^[A-Z][A-Z0-9_]{1,20}(?:-[a-zA-Z]\d{1,20})*--\S/;
const DVC_MEMBERS: ReadonlySet<string> = new Set(['outs', 'deps', 'md5', 'wdir', 'frozen', 'meta', 'desc', 'hash']);

/** Which file a whole text points to; null when it is no pointer. */
export function pointerFile(text: string): PointerFile | null {
  if (text.length > MAX_LENGTH) return null;
  return lfsPointer(text) ?? annexPointer(text) ?? dvcPointer(text);
}

/** Git LFS specification, "The Pointer": keys and values, one a line, `version` first. */
function lfsPointer(text: string): PointerFile | null {
  const target = /^oid (\w{1,20}:[0-9a-f]{32,128})\r?$/m.exec(text)?.[1];
  if (!LFS_VERSION.test(text) || target === undefined) return null;
  const size = /^size (\d{1,15})\r?$/m.exec(text)?.[1];
  return { tool: 'Git LFS', format: 'TXT', target, bytes: size === undefined ? null : Number(size) };
}

function annexPointer(text: string): PointerFile | null {
  const target = ANNEX_OBJECT.exec(text)?.[1];
  if (target === undefined || !ANNEX_KEY.test(target)) return null;
  const size = /-s(\d{1,15})(?:-|$)/.exec(target.slice(0, target.indexOf('--')))?.[1];
  return { tool: 'git-annex', format: 'TXT', target, bytes: size === undefined ? null : Number(size) };
}

/** YAML whose members are those of a `.dvc` file and no others, with a digest of what it stands for. */
function dvcPointer(text: string): PointerFile | null {
  const members = [...text.matchAll(/^([A-Za-z_]\w{0,30}):/gm)].map(([, name = '']) => name);
  if (!members.includes('outs') || !members.every((name) => DVC_MEMBERS.has(name))) return null;
  const digest = /^[ -]{2,6}(?:md5|etag|checksum): *['"]?([\w.-]{8,128})/m.exec(text)?.[1];
  const path = /^[ -]{2,6}path: *(\S.{0,300}?)\r?$/m.exec(text)?.[1];
  if (digest === undefined || path === undefined) return null;
  const size = /^[ -]{2,6}size: *(\d{1,15})/m.exec(text)?.[1];
  return { tool: 'DVC', format: 'YAML', target: `${path}, ${digest}`, bytes: size === undefined ? null : Number(size) };
}
