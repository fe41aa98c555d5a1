/** What listeners and webhooks may be told. */
export const EVENT_NAMES = [
  'archive.queued',
  'archive.succeeded',
  'archive.unchanged',
  'archive.failed',
  'archive.broken',
  'archive.recovered',
  'archive.removed',
  'archive.missing',
  'archive.suspect',
  'archive.dataset',
] as const;

/** The name of an event, which is also the `type` of a webhook's message. */
export type EventName = (typeof EVENT_NAMES)[number];
