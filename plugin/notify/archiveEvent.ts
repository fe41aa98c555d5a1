import { randomUUID } from 'node:crypto';
import type { EventName } from '../model/event.ts';
import type { ArchiveEvent } from './Listener.ts';

/** What every event of one process has in common. */
export interface EventDeps {
  readonly queueName: string;
  now(): Date;
}

/** What an event is about; a member left out is null. */
export type EventSubject = Partial<Omit<ArchiveEvent, 'id' | 'name' | 'at' | 'queue'>>;

const NOTHING = {
  datasetId: null,
  resourceId: null,
  runId: null,
  code: null,
  status: null,
  reason: null,
  cacheUrl: null,
} as const;

/** A new event with an id of its own. */
export function archiveEvent(name: EventName, subject: EventSubject, { queueName, now }: EventDeps): ArchiveEvent {
  return { id: randomUUID(), name, at: now(), queue: queueName, ...NOTHING, ...subject };
}
