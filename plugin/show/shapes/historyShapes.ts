import {
  closed,
  code,
  count,
  listOf,
  nextPage,
  optionalCode,
  optionalText,
  optionalUrl,
  orNull,
  text,
  time,
} from './parts.ts';

const ResourceEvent = closed({
  id: { ...text, description: 'Grows with the order of recording.' },
  at: time,
  kind: {
    enum: ['code', 'copy', 'moved', 'broken', 'recovered', 'missing', 'suspect', 'removed'],
    description:
      'What changed: code: it ends otherwise; copy: a version was stored; moved: every redirect is permanent; suspect: a copy ends in the middle.',
  },
  code: optionalCode,
  previousCode: optionalCode,
  reason: optionalText,
  url: { ...optionalText, description: 'Where it moved to.' },
  key: { ...optionalText, description: 'Of the copy that was stored, is missing or is suspect.' },
  copyUrl: optionalUrl,
  previousKey: { ...optionalText, description: 'Of the copy before.' },
  previousCopyUrl: optionalUrl,
});

const Redirect = closed({ status: { type: 'integer' }, from: text, to: text });

const AttemptDetail = closed({
  redirects: listOf(Redirect),
  etag: optionalText,
  lastModified: optionalText,
  evidence: { ...listOf(text), description: 'How the format was found.' },
});

const ResourceAttempt = closed({
  at: time,
  code,
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
  detail: orNull(AttemptDetail, 'null: nothing had changed.'),
});

/** The shapes of what happened to a resource. */
export const HISTORY_SHAPES = {
  ResourceEvents: closed({ events: listOf(ResourceEvent), next: nextPage }),
  ResourceEvent,
  ResourceAttempts: closed({ attempts: listOf(ResourceAttempt) }),
  ResourceAttempt,
  AttemptDetail,
  Redirect,
};
