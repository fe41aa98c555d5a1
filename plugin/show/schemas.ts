import { CODES } from '../model/status.ts';
import { ADMIN_SCHEMAS } from './admin/adminSchemas.ts';
import { CKAN_SCHEMAS } from './ckan/ckanSchemas.ts';
import { LIST_SCHEMAS } from './list/listSchemas.ts';
import { PROPOSAL_SCHEMAS } from './proposal/proposalSchemas.ts';
import { closed, count, nextPage, optionalText, optionalTime, type Schema, text, time } from './schemaParts.ts';

const truth = { type: 'boolean' };
const listOf = (name: string): Schema => ({ type: 'array', items: { $ref: `#/components/schemas/${name}` } });

const dataLink = {
  url: text,
  format: optionalText,
  score: { type: 'number', minimum: 0, maximum: 1, description: 'From 0.5 on it is claimed to be the data.' },
  evidence: { type: 'array', items: text },
};

/** The shapes of all answers, as JSON Schema (draft 2020-12). A test holds every answer of the suite against them. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Run: closed({
    id: text,
    state: { enum: ['queued', 'running', 'done', 'cancelled'] },
    total: { type: ['integer', 'null'], minimum: 0, description: 'null: its resources are still being counted.' },
    done: count,
    counts: {
      type: 'object',
      description: 'How its resources ended, by code.',
      propertyNames: { enum: [...Object.keys(CODES), 'deleted', 'superseded'] },
      additionalProperties: count,
    },
    createdAt: time,
    endedAt: optionalTime,
    kind: { enum: ['resource', 'dataset', 'all', 'sweep'] },
    lane: { enum: ['priority', 'bulk'] },
    datasetId: { ...optionalText, description: 'null: the run is of the whole portal.' },
    startedAt: optionalTime,
    perSecond: { type: ['number', 'null'], description: 'Resources a second; null: it cannot be said yet.' },
    expectedEndAt: optionalTime,
  }),
  Runs: closed({ runs: { ...listOf('Run'), description: 'Newest first.' }, next: nextPage }),
  Copy: closed({
    key: { ...text, pattern: '^archive/' },
    url: { ...text, format: 'uri', description: 'Serves these bytes and no others, for as long as the copy is kept.' },
    bytes: count,
    md5: { ...text, pattern: '^[0-9a-f]{32}$' },
    sha256: { ...text, pattern: '^[0-9a-f]{64}$' },
    mediaType: optionalText,
    storedAt: time,
    format: optionalText,
    filename: text,
    partial: { ...truth, description: 'The answer said that it was a part of what was asked for.' },
  }),
  Resource: closed({
    id: text,
    datasetId: text,
    url: { ...text, description: 'Without the credentials in it.' },
    status: { ...optionalText, description: "CKAN's name for `code`; null: not archived yet." },
    code: { enum: [...Object.keys(CODES), null], description: 'How the last attempt ended.' },
    reason: optionalText,
    broken: {
      type: ['boolean', 'null'],
      description:
        'true: it failed as often in a row as confirmFailures says; false: it works; null: unsure, or not confirmed.',
    },
    attempts: count,
    checkedAt: optionalTime,
    nextCheckAt: optionalTime,
    copies: { ...listOf('Copy'), description: 'Newest first.' },
    pending: { ...truth, description: 'Somebody asked for it, and it is not done yet.' },
    finalUrl: { ...optionalText, description: 'Where redirects led.' },
    moved: { ...truth, description: 'Every redirect on the way was permanent.' },
    failureCount: { ...count, description: 'Failures in a row.' },
    firstFailureAt: optionalTime,
    lastSuccessAt: optionalTime,
    moreCopies: { ...nextPage, description: 'Where older copies are listed; null: these are all.' },
    links: { ...listOf('DataLink'), description: 'References of a page to what may be the data, the likeliest first.' },
    derived: { ...listOf('Derived'), description: 'Files archived from a page.' },
    accepted: { ...listOf('Acceptance'), description: 'Licences and forms accepted on the way, the newest first.' },
    lastAttempt: {
      anyOf: [{ $ref: '#/components/schemas/LastAttempt' }, { type: 'null' }],
      description: 'What was just seen; null: no attempt has ended.',
    },
    confirmed: {
      anyOf: [{ $ref: '#/components/schemas/ConfirmedOutcome' }, { type: 'null' }],
      description:
        'What is believed: while a failure of the link is not confirmed, the outcome before it. null: nothing is confirmed yet.',
    },
  }),
  LastAttempt: closed({
    at: time,
    code: { enum: Object.keys(CODES) },
    status: { ...text, description: "CKAN's name of the outcome." },
    reason: text,
    broken: { type: ['boolean', 'null'], description: 'What this attempt alone showed; null: unsure.' },
  }),
  ConfirmedOutcome: closed({
    at: time,
    code: { enum: Object.keys(CODES) },
    status: { ...text, description: "CKAN's name of the outcome." },
    reason: text,
    broken: { type: ['boolean', 'null'], description: 'As it was confirmed; null: no failure of the link.' },
  }),
  Badge: closed({
    schemaVersion: { const: 1 },
    label: text,
    message: { ...text, description: 'The state as a sentence, with its dates.' },
    color: text,
    cacheSeconds: count,
    state: { enum: ['archived', 'broken', 'unsure', 'brokenWithoutCopy', 'withoutCopy', 'pending'] },
    language: text,
    copyUrl: { ...optionalText, format: 'uri' },
  }),
  ResourceEvents: closed({ events: listOf('ResourceEvent'), next: nextPage }),
  ResourceEvent: closed({
    id: { ...text, description: 'Grows with the order of recording.' },
    at: time,
    kind: {
      enum: ['code', 'copy', 'moved', 'broken', 'recovered', 'missing', 'suspect', 'removed'],
      description:
        'What changed: code: it ends otherwise; copy: a version was stored; moved: every redirect is permanent; suspect: a copy ends in the middle.',
    },
    code: { enum: [...Object.keys(CODES), null] },
    previousCode: { enum: [...Object.keys(CODES), null] },
    reason: optionalText,
    url: { ...optionalText, description: 'Where it moved to.' },
    key: { ...optionalText, description: 'Of the copy that was stored, is missing or is suspect.' },
    copyUrl: { ...optionalText, format: 'uri' },
    previousKey: { ...optionalText, description: 'Of the copy before.' },
    previousCopyUrl: { ...optionalText, format: 'uri' },
  }),
  ResourceAttempts: closed({ attempts: listOf('ResourceAttempt') }),
  ResourceAttempt: closed({
    at: time,
    code: { enum: Object.keys(CODES) },
    reason: text,
    status: { type: ['integer', 'null'], description: 'HTTP status of the last answer.' },
    ms: { ...count, description: 'How long it took, milliseconds.' },
    firstByteMs: {
      type: ['integer', 'null'],
      description: 'From the last request to the head of its answer, milliseconds; null: none came.',
    },
    requests: { ...count, description: 'Requests sent.' },
    wireBytes: { ...count, description: 'Bytes read from the network.' },
    finalUrl: { ...optionalText, description: 'Where redirects led.' },
    detail: {
      anyOf: [{ $ref: '#/components/schemas/AttemptDetail' }, { type: 'null' }],
      description: 'null: nothing had changed.',
    },
  }),
  AttemptDetail: closed({
    redirects: { type: 'array', items: { $ref: '#/components/schemas/Redirect' } },
    etag: optionalText,
    lastModified: optionalText,
    evidence: { type: 'array', items: text, description: 'How the format was found.' },
  }),
  Redirect: closed({ status: { type: 'integer' }, from: text, to: text }),
  DataLink: closed(dataLink),
  Derived: closed({
    ...dataLink,
    code: { enum: [...Object.keys(CODES), null] },
    status: { ...optionalText, description: "CKAN's name of the outcome; null: not fetched yet." },
    reason: optionalText,
    checkedAt: optionalTime,
    nextCheckAt: optionalTime,
    key: { ...optionalText, description: 'Of its newest copy, which is among the copies of the resource.' },
    copyUrl: { ...optionalText, format: 'uri' },
  }),
  Acceptance: closed({
    at: time,
    url: { ...text, description: 'The page that asked.' },
    mode: { enum: ['rule', 'automatic'] },
    rule: { ...text, description: 'The URL pattern of the rule, or the listed host.' },
    sha256: { ...text, pattern: '^[0-9a-f]{64}$' },
    text: { ...text, description: 'What the page showed.' },
  }),
  Dataset: closed({
    id: text,
    resources: { ...listOf('Resource'), description: 'In the order of their ids.' },
    next: nextPage,
  }),
  Live: closed({ status: { const: 'live' } }),
  Health: closed({
    ready: truth,
    checks: { type: 'object', additionalProperties: { $ref: '#/components/schemas/HealthCheck' } },
  }),
  HealthCheck: closed({ ok: truth, detail: optionalText }),
  Problem: closed({
    type: { const: 'about:blank' },
    title: text,
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: text,
    code: { ...text, pattern: '^[a-z-]+$', description: 'Stable, unlike title and detail.' },
  }),
  ...LIST_SCHEMAS,
  ...PROPOSAL_SCHEMAS,
  ...CKAN_SCHEMAS,
  ...ADMIN_SCHEMAS,
  OpenApi: { type: 'object', description: 'An OpenAPI 3.1 document.' },
};
