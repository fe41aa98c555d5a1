import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lexer, type Token } from 'marked';

/** A block of code of a page. */
export interface CodeBlock {
  readonly page: string;
  /** Of its first line, from 1 on. */
  readonly line: number;
  /** As the fence says; '' where it says nothing, as an indented block never does. */
  readonly language: string;
  readonly text: string;
}

/** Every page that a reader is sent to, in the repository and in the package. */
export const PAGES: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...pagesBelow('docs'),
  ...pagesBelow('examples'),
].sort();

/** All blocks of code of a page, those within lists and quotes too, in their order. */
export function codeBlocks(page: string): readonly CodeBlock[] {
  const text = readFileSync(page, 'utf8');
  let searchedTo = 0;
  return tokensOf(lexer(text)).flatMap((token) => {
    if (token.type !== 'code') return [];
    // Within a list a line is indented in the page, so what is searched for is the first line of the code.
    const [first = ''] = token.text.split('\n');
    searchedTo = Math.max(text.indexOf(first, searchedTo), searchedTo);
    const line = text.slice(0, searchedTo).split('\n').length;
    searchedTo += first.length;
    return [{ page, line, language: token.lang ?? '', text: token.text }];
  });
}

/** Everything in a tree of tokens, depth first. */
function tokensOf(tokens: readonly Token[]): Token[] {
  return tokens.flatMap((token) => {
    const inner: readonly Token[] = 'tokens' in token ? (token.tokens ?? []) : [];
    const items: readonly Token[] = token.type === 'list' ? token.items : [];
    return [token, ...tokensOf([...inner, ...items])];
  });
}

function pagesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join(folder, path));
}
