import { isObject } from '../../decide/isObject.ts';
/** What one pass over the beginning of a JSON text found. */
export interface JsonScan {
  /** No syntax error as far as the text goes. */
  readonly valid: boolean;
  /** The value ended within the text, at `end`. */
  readonly ended: boolean;
  readonly end: number;
  readonly container: 'object' | 'array' | null;
  /** Keys of the root object, or of the first object of a root array, with their value when it is a string. */
  readonly keys: ReadonlyMap<string, string | null>;
  /** `type` values of objects one list below the root: `{"features": [{"type": "Feature"`. */
  readonly memberTypes: ReadonlySet<string>;
}

const TOKEN =
  /[ \t\r\n]*(?:([{}[\],:])|"((?:[^"\\\r\n]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity)(?![\w.+-]))/y;

/**
 * Reads one JSON value at `start` of a text that may end anywhere, without recursion. Python's `NaN` and `Infinity` pass,
 * and control characters in strings.
 */
export function scanJson(text: string, start: number): JsonScan {
  const reader = new JsonReader();
  let at = start;
  for (;;) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    if (!token) return reader.result(isCutToken(text.slice(at)), false, at);
    at = TOKEN.lastIndex;
    const [, punctuator, string] = token;
    const good = punctuator === undefined ? reader.scalar(string ?? null) : reader.punctuator(punctuator);
    if (!good) return reader.result(false, false, at);
    if (reader.ended) return reader.result(true, true, at);
  }
}

/** The same of a whole value, which the engine's own reader has read ten times faster; null for a scalar. */
export function scanOfValue(value: unknown, end: number): JsonScan | null {
  if (typeof value !== 'object' || value === null) return null;
  const root: object = value;
  const first: unknown = Array.isArray(root) ? root[0] : root;
  const members = Object.entries(isObject(first) ? first : {});
  const keys = new Map(members.map(([key, it]): [string, string | null] => [key, typeof it === 'string' ? it : null]));
  const container = Array.isArray(root) ? 'array' : 'object';
  return { valid: true, ended: true, end, container, keys, memberTypes: new Set() };
}

class JsonReader {
  readonly #stack: ('{' | '[')[] = [];
  readonly #keys = new Map<string, string | null>();
  readonly #memberTypes = new Set<string>();
  #container: JsonScan['container'] = null;
  #expects: 'value' | 'key' | 'colon' | 'comma' = 'value';
  #mayClose = false;
  #key = '';
  ended = false;

  result(valid: boolean, ended: boolean, end: number): JsonScan {
    const [container, keys, memberTypes] = [this.#container, this.#keys, this.#memberTypes];
    return { valid, ended, end, container, keys, memberTypes };
  }

  /** A string, or null for any other scalar. */
  scalar(text: string | null): boolean {
    this.#mayClose = false;
    if (this.#expects === 'key' && text !== null) {
      this.#key = text;
      if (this.#atRoot() && !this.#keys.has(text)) this.#keys.set(text, null);
      this.#expects = 'colon';
      return true;
    }
    if (this.#expects !== 'value') return false;
    if (text !== null && this.#stack.at(-1) === '{') this.#note(text);
    return this.#valueEnds();
  }

  punctuator(character: string): boolean {
    const mayClose = this.#mayClose;
    this.#mayClose = false;
    switch (character) {
      case '{':
      case '[':
        return this.#open(character);
      case ':':
        return this.#after('colon', 'value');
      case ',':
        return this.#after('comma', this.#stack.at(-1) === '{' ? 'key' : 'value');
      default:
        if (this.#expects !== 'comma' && !mayClose) return false;
        return this.#stack.pop() === (character === '}' ? '{' : '[') && this.#valueEnds();
    }
  }

  #open(bracket: '{' | '['): boolean {
    if (this.#expects !== 'value') return false;
    if (this.#stack.length === 0) this.#container = bracket === '{' ? 'object' : 'array';
    this.#stack.push(bracket);
    this.#expects = bracket === '{' ? 'key' : 'value';
    this.#mayClose = true;
    return true;
  }

  #after(expected: 'colon' | 'comma', next: 'key' | 'value'): boolean {
    if (this.#expects !== expected) return false;
    this.#expects = next;
    return true;
  }

  #valueEnds(): boolean {
    this.ended = this.#stack.length === 0;
    this.#expects = 'comma';
    return true;
  }

  #note(text: string): void {
    if (this.#atRoot() && this.#keys.get(this.#key) === null) this.#keys.set(this.#key, text);
    if (this.#stack.length === 3 && this.#key === 'type') this.#memberTypes.add(text);
  }

  /** In the root object, or in an object right in a root array. */
  #atRoot(): boolean {
    return this.#stack.length === 1 || (this.#stack.length === 2 && this.#stack[0] === '[');
  }
}

/** Whether what is left is a token that the end of the text cut. */
function isCutToken(left: string): boolean {
  const rest = left.replace(/^[ \t\r\n]+/, '');
  if (rest === '') return true;
  if (rest.startsWith('"')) return !/[\r\n]/.test(rest) && !/[^\\](\\\\)*"/.test(rest);
  return /^(-|-?\d[\d.eE+-]{0,40}|t(r(ue?)?)?|f(a(l(se?)?)?)?|n(u(ll?)?)?|N(aN?)?|-?I\w{0,8})$/.test(rest);
}
