import { CODES } from '../../model/status.ts';
import { closed, count, nextPage, optionalText, optionalTime, type Schema, text, time } from '../schemaParts.ts';

const pageOf = (name: string, entry: Schema): Schema =>
  closed({ [name]: { type: 'array', items: entry }, next: nextPage });
const counts = closed({ archived: count, broken: count, unsure: count, unfetched: count });
const words = { id: text, name: text, title: optionalText };

/** The shapes of the lists, as JSON Schema. */
export const LIST_SCHEMAS: Readonly<Record<string, Schema>> = {
  Links: pageOf(
    'resources',
    closed({
      id: text,
      name: optionalText,
      pageUrl: optionalText,
      dataset: closed({ ...words, pageUrl: optionalText }),
      organisation: closed(words, ['object', 'null']),
      url: { ...text, description: 'Without the credentials in it.' },
      host: text,
      broken: { type: ['boolean', 'null'], description: 'Confirmed; null: unsure, or never fetched.' },
      code: { enum: [...Object.keys(CODES), null] },
      status: optionalText,
      reason: optionalText,
      failureCount: count,
      firstFailureAt: optionalTime,
      lastSuccessAt: optionalTime,
      checkedAt: optionalTime,
      nextCheckAt: optionalTime,
      changedAt: time,
      proposal: {
        ...closed({ url: text, firstSeenAt: time, lastSeenAt: time }, ['object', 'null']),
        description: 'The URL that is proposed, as checks at least a day apart were led there for good.',
      },
      movedTo: { ...optionalText, description: 'Where permanent redirects lead to.' },
      copy: {
        ...closed({ key: text, bytes: count, storedAt: time }, ['object', 'null']),
        description: 'The newest good copy.',
      },
    }),
  ),
  Hosts: pageOf(
    'hosts',
    closed({
      host: text,
      links: { ...counts, description: 'As they were added up a few seconds ago.' },
      pausedUntil: { ...optionalTime, description: 'Retry-After, or a gap after slow answers.' },
      unreachableUntil: { ...optionalTime, description: 'The circuit breaker is open.' },
      bytesToday: { type: 'number', minimum: 0 },
      attempts: { ...count, description: 'Of the last 7 days.' },
      meanMs: { type: ['number', 'null'], description: 'Of these attempts.' },
      hasOwnLimits: { type: 'boolean', description: 'An administrator set some.' },
    }),
  ),
  Organisations: pageOf(
    'organisations',
    closed({
      ...words,
      parentId: { ...optionalText, description: 'The organisation that it is a part of.' },
      own: counts,
      all: { ...counts, description: 'With what is a part of it.' },
    }),
  ),
};
