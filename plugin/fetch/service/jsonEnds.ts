import { isObject } from '../../decide/isObject.ts';

/** An object of JSON, its members unknown. */
export type Members = Readonly<Record<string, unknown>>;

/**
 * What the two ends of a JSON text show of the members of its root object: those that are whole in the one or the other. Where
 * the list of rows lies one object deeper, the members beside it, under the name `''` or their own.
 */
export function membersAtEnds(head: string, end: string | null): readonly Members[] {
  const texts = end === null ? [head] : [wholeAtStart(head), wholeAtEnd(end)];
  return texts.flatMap((text) => {
    const value = text === null ? null : parsed(text);
    return isObject(value) ? [value] : [];
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** How deep one is in objects and lists, of which only the outer two are told apart. */
class Nesting {
  #depth = 0;
  #outer = '';
  #inner = '';

  enter(bracket: string): void {
    this.#depth += 1;
    if (this.#depth === 1) this.#outer = bracket;
    if (this.#depth === 2) this.#inner = bracket;
  }

  leave(): void {
    this.#depth -= 1;
  }

  /** Right in the root object. */
  isInRoot(bracket: string): boolean {
    return this.#depth === 1 && this.#outer === bracket;
  }

  /** Right in an object of the root object. */
  isInInner(bracket: string): boolean {
    return this.#depth === 2 && this.#outer === bracket && this.#inner === bracket;
  }
}

/** A beginning, cut behind its last whole member and closed. */
function wholeAtStart(text: string): string | null {
  const nesting = new Nesting();
  let [cut, closing] = [0, ''];
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '"') at = endOfString(text, at);
    else if (character === '{' || character === '[') nesting.enter(character);
    else if (character === '}' || character === ']') nesting.leave();
    else if (character === ',' && nesting.isInRoot('{')) [cut, closing] = [at, '}'];
    else if (character === ',' && nesting.isInInner('{') && closing !== '}') [cut, closing] = [at, '}}'];
  }
  return closing === '' ? null : text.slice(0, cut) + closing;
}

/** An end, from its first whole member on. Read backwards, for nobody knows in what the text before it left off. */
function wholeAtEnd(text: string): string | null {
  const nesting = new Nesting();
  let [cut, opening] = [0, ''];
  for (let at = text.length - 1; at >= 0; at--) {
    const character = text[at] ?? '';
    if (character === '"') at = startOfString(text, at);
    else if (character === '}' || character === ']') nesting.enter(character);
    else if (character === '{' || character === '[') nesting.leave();
    else if (character === ',' && nesting.isInRoot('}')) [cut, opening] = [at + 1, '{'];
    else if (character === ',' && nesting.isInInner('}') && opening !== '{') [cut, opening] = [at + 1, '{"":{'];
  }
  return opening === '' ? null : opening + text.slice(cut);
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

/** A quote counts when an even number of backslashes stands before it. */
function startOfString(text: string, end: number): number {
  for (let at = end - 1; at >= 0; at--) {
    if (text[at] !== '"') continue;
    let slashes = 0;
    while (text[at - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return at;
    at -= slashes;
  }
  return -1;
}
