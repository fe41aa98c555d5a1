import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { EVENT_NAMES } from '../model/event.ts';
import type { FormRule, HostSettings, WebhookTarget } from '../model/settings.ts';
import type { Parsed, SettingKind } from './settingKinds.ts';

const ajv = new Ajv2020({ allErrors: true, discriminator: true });
ajv.addFormat('uri', (written) => URL.canParse(written));

/** A structured setting: JSON text, or the same as a plain value. */
function json<Value>(options: {
  readonly accepted: string;
  readonly schema: Readonly<Record<string, unknown>>;
}): SettingKind<Value> {
  let validate: ValidateFunction<Value> | undefined;
  return {
    name: 'JSON',
    accepted: options.accepted,
    schema: options.schema,
    parse(raw): Parsed<Value> {
      const read = typeof raw === 'string' ? parseJson(raw) : { value: raw };
      if ('wrong' in read) return read;
      validate ??= ajv.compile<Value>(options.schema);
      const { value } = read;
      if (validate(value)) return { value };
      return {
        wrong: (validate.errors ?? []).map(sentenceOf).join('; '),
      };
    },
  };
}

/** Where it is wrong and how; never the value, which may be a credential. */
function sentenceOf({ instancePath, message, params }: ErrorObject): string {
  const named = params['allowedValues'] ?? params['additionalProperty'] ?? null;
  return `${instancePath || 'it'} ${message}${named === null ? '' : ` (${[named].flat().join(', ')})`}`;
}

function parseJson(raw: string): Parsed<unknown> {
  try {
    return { value: JSON.parse(raw) };
  } catch {
    // The parser's message would repeat parts of the text, which may hold credentials.
    return { wrong: 'is not JSON' };
  }
}

const text = { type: 'string', minLength: 1 } as const;
/** What ends a header field may not stand in one (RFC 9110 section 5.5). */
const headerValue = { type: 'string', pattern: '^[^\\r\\n\\u0000]*$' } as const;
const headerName = { type: 'string', pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" } as const;
const hour = { type: 'integer', minimum: 0, maximum: 24 } as const;

const credential = {
  type: 'object',
  discriminator: { propertyName: 'kind' },
  required: ['kind'],
  oneOf: [
    strict({ kind: { const: 'basic' }, username: { type: 'string' }, password: { type: 'string' } }),
    strict({ kind: { const: 'bearer' }, token: headerValue }),
    strict({ kind: { const: 'header' }, name: headerName, value: headerValue }),
    strict({ kind: { const: 'query' }, name: text, value: { type: 'string' } }),
  ],
};

const hostSettings = optional({
  headers: { type: 'object', propertyNames: headerName, additionalProperties: headerValue },
  credential,
  tls: optional({ verify: { type: 'boolean' }, ca: text, cert: text, key: text }),
  proxy: { type: 'string', format: 'uri', pattern: '^https?://' },
  limits: optional({
    requestsPerSecond: { type: 'number', exclusiveMinimum: 0 },
    burst: { type: 'integer', minimum: 1 },
    concurrency: { type: 'integer', minimum: 1 },
    addressConcurrency: { type: 'integer', minimum: 0 },
    domainConcurrency: { type: 'integer', minimum: 0 },
    bytesPerDay: { type: 'integer', minimum: 0 },
    gapFactor: { type: 'number', minimum: 0 },
    quietHours: { type: 'array', items: hour, minItems: 2, maxItems: 2 },
  }),
});

/** An object with these members, all required and no others. */
function strict(properties: Readonly<Record<string, object>>) {
  return { ...optional(properties), required: Object.keys(properties) };
}

/** An object with any of these members and no others. */
function optional(properties: Readonly<Record<string, object>>) {
  return { type: 'object', additionalProperties: false, properties };
}

/** What is special about some hosts, as a JSON object by host. */
export const hostMap = (): SettingKind<Readonly<Record<string, HostSettings>>> =>
  json({
    accepted: 'a JSON object of host names and their headers, credential, tls, proxy and limits',
    schema: {
      type: 'object',
      propertyNames: { pattern: '^(\\*\\.)?[^\\s/*@A-Z]+$' },
      additionalProperties: hostSettings,
    },
  });

const step = {
  type: 'object',
  oneOf: [
    strict({ follow: text }),
    strict({ wait: text }),
    {
      ...optional({
        fill: { type: 'object', minProperties: 1, additionalProperties: { type: 'string' } },
        accept: { type: 'array', minItems: 1, maxItems: 50, items: text },
        submit: text,
      }),
      minProperties: 1,
    },
  ],
};

/** Ways through forms, in the order in which they are tried. */
export const formRules = (): SettingKind<readonly FormRule[]> =>
  json({
    accepted: 'a JSON list of {"url", "steps"}; a step is {"follow"}, {"wait"}, or {"fill", "accept", "submit"}',
    schema: {
      type: 'array',
      items: strict({
        url: { type: 'string', pattern: '^https?://[^/\\s]+/\\S*$' },
        steps: { type: 'array', minItems: 1, maxItems: 20, items: step },
      }),
    },
  });

/** Who is told of events, as a JSON list. */
export const webhookTargets = (): SettingKind<readonly WebhookTarget[]> =>
  json({
    accepted: 'a JSON list of {"url", "secret", "events"}; the secret is whsec_ and base64',
    schema: {
      type: 'array',
      items: {
        ...optional({
          url: { type: 'string', format: 'uri', pattern: '^https?://' },
          secret: { type: 'string', pattern: '^whsec_[A-Za-z0-9+/]+={0,2}$' },
          events: { type: 'array', items: { type: 'string', enum: EVENT_NAMES } },
        }),
        required: ['url', 'secret'],
      },
    },
  });

/** Hours of the day in UTC: `8-18`, or from evening to morning `22-6`. */
export function quietHours(): SettingKind<readonly [number, number]> {
  return {
    name: 'hours',
    accepted: 'two hours of the day in UTC, such as 8-18 or 22-6',
    schema: { type: 'array', items: hour, minItems: 2, maxItems: 2 },
    parse(raw) {
      const pair = typeof raw === 'string' ? (/^(\d{1,2})-(\d{1,2})$/.exec(raw)?.slice(1) ?? []) : raw;
      if (!Array.isArray(pair) || pair.length !== 2) return { wrong: '' };
      const [from, to] = [Number(pair[0]), Number(pair[1])];
      const valid = [from, to].every((one) => Number.isInteger(one) && one >= 0 && one <= 24) && from !== to;
      return valid ? { value: [from, to] } : { wrong: '' };
    },
  };
}
