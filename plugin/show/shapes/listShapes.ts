import {
  closed,
  count,
  listOf,
  nextPage,
  optionalCode,
  optionalText,
  optionalTime,
  orNull,
  text,
  time,
  truth,
  unsureTruth,
} from './parts.ts';

const counts = closed({ archived: count, broken: count, unsure: count, unfetched: count });
const words = { id: text, name: text, title: optionalText };

const link = closed({
  id: text,
  name: optionalText,
  pageUrl: optionalText,
  dataset: closed({ ...words, pageUrl: optionalText }),
  organisation: orNull(closed(words), "null: nobody's."),
  url: { ...text, description: 'Without the credentials in it.' },
  host: text,
  broken: { ...unsureTruth, description: 'Confirmed; null: unsure, or never fetched.' },
  code: optionalCode,
  status: optionalText,
  reason: optionalText,
  failureCount: count,
  firstFailureAt: optionalTime,
  lastSuccessAt: optionalTime,
  checkedAt: optionalTime,
  nextCheckAt: optionalTime,
  changedAt: time,
  proposal: orNull(
    closed({ url: text, firstSeenAt: time, lastSeenAt: time }),
    'The URL that is proposed, as checks at least a day apart were led there for good.',
  ),
  movedTo: { ...optionalText, description: 'Where permanent redirects lead to.' },
  copy: orNull(closed({ key: text, bytes: count, storedAt: time }), 'The newest good copy.'),
});

const host = closed({
  host: text,
  links: { ...counts, description: 'As they were added up a few seconds ago.' },
  pausedUntil: { ...optionalTime, description: 'Retry-After, or a gap after slow answers.' },
  unreachableUntil: { ...optionalTime, description: 'The circuit breaker is open.' },
  bytesToday: { type: 'number', minimum: 0 },
  attempts: { ...count, description: 'Of the last 7 days.' },
  meanMs: { type: ['number', 'null'], description: 'Of these attempts.' },
  hasOwnLimits: { ...truth, description: 'An administrator set some.' },
});

const organisation = closed({
  ...words,
  parentId: { ...optionalText, description: 'The organisation that it is a part of.' },
  own: counts,
  all: { ...counts, description: 'With what is a part of it.' },
});

/** The shapes of the lists over the whole archive. */
export const LIST_SHAPES = {
  Links: closed({ resources: listOf(link), next: nextPage }),
  Hosts: closed({ hosts: listOf(host), next: nextPage }),
  Organisations: closed({ organisations: listOf(organisation), next: nextPage }),
};
