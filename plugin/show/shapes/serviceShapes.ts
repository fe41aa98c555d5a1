import { closed, optionalText, text, truth } from './parts.ts';

const HealthCheck = closed({ ok: truth, detail: optionalText });

/** The shapes of how the service fares and of what goes wrong. */
export const SERVICE_SHAPES = {
  Live: closed({ status: { const: 'live' } }),
  Health: closed({ ready: truth, checks: { type: 'object', additionalProperties: HealthCheck } }),
  HealthCheck,
  Problem: closed({
    type: { const: 'about:blank' },
    title: text,
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: text,
    code: { ...text, pattern: '^[a-z-]+$', description: 'Stable, unlike title and detail.' },
  }),
  OpenApi: { type: 'object', description: 'An OpenAPI 3.1 document.' },
} as const;
