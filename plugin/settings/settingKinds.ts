/** What a raw value was read as, or what is wrong with it (`''`: it is simply not what is accepted). */
export type Parsed<Value> = { readonly value: Value } | { readonly wrong: string };

/** One kind of setting: what it accepts, as text from the environment or as a plain value from the host. */
export interface SettingKind<Value> {
  readonly name: string;
  /** Ends the sentence "accepted: …". */
  readonly accepted: string;
  /** JSON Schema (draft 2020-12) of the value. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly parse: (raw: unknown) => Parsed<Value>;
  /** An empty text means something of its own; elsewhere it means "not set". */
  readonly emptyCounts?: boolean;
}

const WRONG = { wrong: '' } as const;

/** Longest delay of a timer in Node.js; a longer one fires without delay. */
export const MAX_TIMER_MS = 2_147_483_647;

/** A whole number; no sign, exponent or other base. */
export function integer(options: {
  readonly min: number;
  readonly max?: number;
  readonly unit?: string;
  readonly note?: string;
}): SettingKind<number> {
  const { min, max = Number.MAX_SAFE_INTEGER, unit, note } = options;
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  return {
    name: unit ?? 'integer',
    accepted: `a whole number${unit ? ` of ${unit}` : ''}, ${range}${note ? ` (${note})` : ''}`,
    schema: { type: 'integer', minimum: min, maximum: max },
    parse(raw) {
      const value = typeof raw === 'string' && /^\d+$/.test(raw) ? Number(raw) : raw;
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) return WRONG;
      return value >= min && value <= max ? { value } : WRONG;
    },
  };
}

/** A decimal number without an exponent. */
export function decimal(options: {
  readonly min: number;
  readonly max: number;
  readonly note?: string;
}): SettingKind<number> {
  const { min, max, note } = options;
  return {
    name: 'number',
    accepted: `a number, ${min} to ${max}${note ? ` (${note})` : ''}`,
    schema: { type: 'number', minimum: min, maximum: max },
    parse(raw) {
      const value = typeof raw === 'string' && /^(\d+(\.\d+)?|\.\d+)$/.test(raw) ? Number(raw) : raw;
      return typeof value === 'number' && value >= min && value <= max ? { value } : WRONG;
    },
  };
}

/** A count of bytes. */
export const bytes = (min: number, note?: string): SettingKind<number> => integer({ min, unit: 'bytes', note });

/** A span that a timer measures. */
export const timerMs = (min = 1, note?: string): SettingKind<number> =>
  integer({ min, max: MAX_TIMER_MS, unit: 'milliseconds', note });

/** A span that is only added to a date. */
export const spanMs = (min = 0, note?: string): SettingKind<number> => integer({ min, unit: 'milliseconds', note });

const TRUTHS: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };

/** true, false, 1 or 0, in any case. */
export function truth(): SettingKind<boolean> {
  return {
    name: 'boolean',
    accepted: 'true, false, 1 or 0',
    schema: { type: 'boolean' },
    parse(raw) {
      const value = typeof raw === 'boolean' ? raw : TRUTHS[String(raw).toLowerCase()];
      return value === undefined ? WRONG : { value };
    },
  };
}

/** One of these texts, in this spelling. */
export function choice<const Value extends string>(values: readonly Value[]): SettingKind<Value> {
  return {
    name: 'choice',
    accepted: values.join(' or '),
    schema: { type: 'string', enum: values },
    parse(raw) {
      const value = values.find((one) => one === raw);
      return value === undefined ? WRONG : { value };
    },
  };
}

/** A text that fits the pattern. */
export function text(options: {
  readonly name: string;
  readonly accepted: string;
  readonly pattern: RegExp;
  readonly emptyCounts?: boolean;
}): SettingKind<string> {
  return {
    name: options.name,
    accepted: options.accepted,
    schema: { type: 'string', pattern: options.pattern.source },
    emptyCounts: options.emptyCounts ?? false,
    parse: (raw) => (typeof raw === 'string' && options.pattern.test(raw) ? { value: raw } : WRONG),
  };
}

/** A name that PostgreSQL takes unquoted in any case, so that it can never be more than a name. */
export const identifier = (): SettingKind<string> =>
  text({
    name: 'identifier',
    accepted: 'a name of letters, digits and _ that starts with no digit, at most 63 characters',
    pattern: /^[A-Za-z_][A-Za-z0-9_]{0,62}$/,
  });

/** A table's name, with its schema or without. */
export const tableName = (): SettingKind<string> =>
  text({
    name: 'table',
    accepted: 'the name of a table, such as resource or catalog.resource',
    pattern: /^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$/,
  });

/** A URL of http or https is read to the end; those of databases name several hosts, which no URL may. */
export function url(options: {
  readonly schemes: readonly string[];
  readonly example: string;
  readonly plain?: boolean;
}): SettingKind<string> {
  const { schemes, example, plain = false } = options;
  const wanted = new RegExp(`^(${schemes.map((scheme) => scheme.replace('+', '\\+')).join('|')})://`);
  return {
    name: 'URL',
    accepted: `a URL such as ${example}${plain ? ', without credentials, query or fragment' : ''}`,
    schema: { type: 'string', pattern: wanted.source },
    parse(raw) {
      if (typeof raw !== 'string' || !wanted.test(raw) || /\s/.test(raw)) return WRONG;
      if (/^https?:/.test(raw) && !URL.canParse(raw)) return WRONG;
      return plain ? plainUrl(raw) : { value: raw };
    },
  };
}

function plainUrl(raw: string): Parsed<string> {
  const { username, password, search, hash } = new URL(raw);
  return username || password || search || hash ? WRONG : { value: raw.replace(/\/+$/, '') };
}

/** A list, as comma-separated text or as an array of what `item` accepts. */
export function list<Value>(
  item: SettingKind<Value>,
  options: { readonly accepted: string; readonly maxItems?: number },
): SettingKind<readonly Value[]> {
  const { accepted, maxItems = 10_000 } = options;
  return {
    name: `list of ${item.name}`,
    accepted,
    schema: { type: 'array', items: item.schema, maxItems },
    emptyCounts: true,
    parse(raw) {
      const parts = typeof raw === 'string' ? splitList(raw) : raw;
      if (!Array.isArray(parts)) return WRONG;
      if (parts.length > maxItems) return { wrong: `has ${parts.length} entries, at most ${maxItems} are allowed` };
      const values: Value[] = [];
      for (const part of parts) {
        const parsed = item.parse(part);
        if ('wrong' in parsed)
          return { wrong: `holds ${JSON.stringify(part)}${parsed.wrong && `, which ${parsed.wrong}`}` };
        values.push(parsed.value);
      }
      return { value: values };
    },
  };
}

const splitList = (raw: string): string[] => (raw.trim() === '' ? [] : raw.split(',').map((part) => part.trim()));
