import type { Candidate } from './candidates.ts';
import type { PageLink } from './Page.ts';

/** What the link itself says: its text, its file's name, the parts of its address that name something. */
export function ownText({ url, links }: Candidate): string {
  const target = new URL(url);
  const name = decoded(target.pathname.split('/').filter(Boolean).slice(-2).join(' '));
  const query = [...target.searchParams.values()].filter((value) => value.length < 80).join(' ');
  return `${links.map(textOf).join(' ')} ${name} ${query}`.slice(0, 600);
}

const textOf = ({ text, download: file }: PageLink): string => `${text} ${file ?? ''}`;

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
