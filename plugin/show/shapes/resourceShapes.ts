import {
  closed,
  code,
  count,
  listOf,
  nextPage,
  optionalCode,
  optionalText,
  optionalTime,
  optionalUrl,
  orNull,
  text,
  time,
  truth,
  unsureTruth,
} from './parts.ts';

const hexadecimal = (digits: number) => ({ ...text, pattern: `^[0-9a-f]{${digits}}$` });

const Copy = closed({
  key: { ...text, pattern: '^archive/' },
  url: { ...text, format: 'uri', description: 'Serves these bytes and no others, for as long as the copy is kept.' },
  bytes: count,
  md5: hexadecimal(32),
  sha256: hexadecimal(64),
  mediaType: optionalText,
  storedAt: time,
  format: optionalText,
  filename: text,
  partial: { ...truth, description: 'The answer said that it was a part of what was asked for.' },
});

const dataLink = {
  url: text,
  format: optionalText,
  score: { type: 'number', minimum: 0, maximum: 1, description: 'From 0.5 on it is claimed to be the data.' },
  evidence: listOf(text),
} as const;

const DataLink = closed(dataLink);

const Derived = closed({
  ...dataLink,
  code: optionalCode,
  status: { ...optionalText, description: "CKAN's name of the outcome; null: not fetched yet." },
  reason: optionalText,
  checkedAt: optionalTime,
  nextCheckAt: optionalTime,
  key: { ...optionalText, description: 'Of its newest copy, which is among the copies of the resource.' },
  copyUrl: optionalUrl,
});

const Acceptance = closed({
  at: time,
  url: { ...text, description: 'The page that asked.' },
  mode: { enum: ['rule', 'automatic'] },
  rule: { ...text, description: 'The URL pattern of the rule, or the listed host.' },
  sha256: hexadecimal(64),
  text: { ...text, description: 'What the page showed.' },
});

const outcomeOf = (broken: string) =>
  closed({
    at: time,
    code,
    status: { ...text, description: "CKAN's name of the outcome." },
    reason: text,
    broken: { ...unsureTruth, description: broken },
  });

const LastAttempt = outcomeOf('What this attempt alone showed; null: unsure.');
const ConfirmedOutcome = outcomeOf('As it was confirmed; null: no failure of the link.');

const Resource = closed({
  id: text,
  datasetId: text,
  url: { ...text, description: 'Without the credentials in it.' },
  status: { ...optionalText, description: "CKAN's name for `code`; null: not archived yet." },
  code: { ...optionalCode, description: 'How the last attempt ended.' },
  reason: optionalText,
  broken: {
    ...unsureTruth,
    description:
      'true: it failed as often in a row as confirmFailures says; false: it works; null: unsure, or not confirmed.',
  },
  attempts: count,
  checkedAt: optionalTime,
  nextCheckAt: optionalTime,
  copies: { ...listOf(Copy), description: 'Newest first.' },
  pending: { ...truth, description: 'Somebody asked for it, and it is not done yet.' },
  finalUrl: { ...optionalText, description: 'Where redirects led.' },
  moved: { ...truth, description: 'Every redirect on the way was permanent.' },
  failureCount: { ...count, description: 'Failures in a row.' },
  firstFailureAt: optionalTime,
  lastSuccessAt: optionalTime,
  moreCopies: { ...nextPage, description: 'Where older copies are listed; null: these are all.' },
  links: { ...listOf(DataLink), description: 'References of a page to what may be the data, the likeliest first.' },
  derived: { ...listOf(Derived), description: 'Files archived from a page.' },
  accepted: { ...listOf(Acceptance), description: 'Licences and forms accepted on the way, the newest first.' },
  lastAttempt: orNull(LastAttempt, 'What was just seen; null: no attempt has ended.'),
  confirmed: orNull(
    ConfirmedOutcome,
    'What is believed: while a failure of the link is not confirmed, the outcome before it. null: nothing is confirmed yet.',
  ),
});

/** The shapes of resources and datasets as they stand, and of their badge. */
export const RESOURCE_SHAPES = {
  Resource,
  Copy,
  DataLink,
  Derived,
  Acceptance,
  LastAttempt,
  ConfirmedOutcome,
  Dataset: closed({
    id: text,
    resources: { ...listOf(Resource), description: 'In the order of their ids.' },
    next: nextPage,
  }),
  Badge: closed({
    schemaVersion: { const: 1 },
    label: text,
    message: { ...text, description: 'The state as a sentence, with its dates.' },
    color: text,
    cacheSeconds: count,
    state: { enum: ['archived', 'broken', 'unsure', 'brokenWithoutCopy', 'withoutCopy', 'pending'] },
    language: text,
    copyUrl: optionalUrl,
  }),
};
