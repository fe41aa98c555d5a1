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
  /[ \t\r\n]*(?:([{}[\],:])|"((?:[^"\\\0-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity)(?![\w.+-]))/y;

/**
 * Reads one JSON value at `start` of a text that may end anywhere, without recursion. Python's `NaN` and `Infinity` pass.
 */
export function scanJson(text: string, start: number): JsonScan {
  const stack: ('{' | '[')[] = [];
  const keys = new Map<string, string | null>();
  const memberTypes = new Set<string>();
  let container: JsonScan['container'] = null;
  let expects: 'value' | 'key' | 'colon' | 'comma' = 'value';
  let mayClose = false;
  let key = '';
  let at = start;
  const done = (valid: boolean, ended: boolean): JsonScan => ({ valid, ended, end: at, container, keys, memberTypes });
  for (;;) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    if (!token) return done(cutToken(text, at), false);
    at = TOKEN.lastIndex;
    const [, sign, string, literal] = token;
    if (string !== undefined && expects === 'key') {
      key = string;
      if (stack.length === 1 || (stack.length === 2 && stack[0] === '[')) if (!keys.has(key)) keys.set(key, null);
      expects = 'colon';
    } else if (sign === ':' && expects === 'colon') {
      expects = 'value';
    } else if ((string !== undefined || literal !== undefined) && expects === 'value') {
      if (string !== undefined && stack.at(-1) === '{') {
        if ((stack.length === 1 || (stack.length === 2 && stack[0] === '[')) && keys.get(key) === null)
          keys.set(key, string);
        if (stack.length === 3 && key === 'type') memberTypes.add(string);
      }
      if (stack.length === 0) return done(true, true);
      expects = 'comma';
    } else if ((sign === '{' || sign === '[') && expects === 'value') {
      if (stack.length === 0) container = sign === '{' ? 'object' : 'array';
      stack.push(sign);
      expects = sign === '{' ? 'key' : 'value';
      mayClose = true;
      continue;
    } else if ((sign === '}' || sign === ']') && (expects === 'comma' || mayClose)) {
      if (stack.pop() !== (sign === '}' ? '{' : '[')) return done(false, false);
      if (stack.length === 0) return done(true, true);
      expects = 'comma';
    } else if (sign === ',' && expects === 'comma') {
      expects = stack.at(-1) === '{' ? 'key' : 'value';
    } else {
      return done(false, false);
    }
    mayClose = false;
  }
}

/** Whether what is left is a token that the end of the text cut. */
function cutToken(text: string, at: number): boolean {
  const rest = text.slice(at).replace(/^[ \t\r\n]+/, '');
  if (rest === '') return true;
  if (rest.startsWith('"')) return !/[\0-\x1f]/.test(rest) && !/[^\\](\\\\)*"/.test(rest);
  return rest.length < 40 && /^(-|-?\d[\d.eE+-]*|t(r(ue?)?)?|f(a(l(se?)?)?)?|n(u(ll?)?)?|N(aN?)?|-?I\w*)$/.test(rest);
}
