import type { Agenda } from 'agenda';
import type { OpenBackend } from './agendaBackend.ts';
import type { Job } from './JobQueue.ts';
import { ANSWER_MS, JOB_KEYS, JOB_NAMES } from './jobNames.ts';
import { within } from './within.ts';

interface Place {
  readonly agenda: Agenda;
  readonly backend: OpenBackend;
}

const ADD_AT_ONCE = 100;
const ASK_AT_ONCE = 500;
/** Agenda starts due jobs in the order of their moments: turns lie so far back that an hour of them is due. */
const HEAD_START_MS = 3_600_000;

/** Adds jobs for those that have none; a job that waits for later starts at `startAt`. */
export async function addJobs({ agenda, backend }: Place, jobs: readonly Job[], startAt: Date): Promise<void> {
  for (const kind of ['resource', 'host'] as const) {
    const starts = jobs.filter((job) => job.kind === kind).map((job) => [keyOf(job), startOf(job, startAt)] as const);
    const unique = [...new Map(starts)];
    for (let from = 0; from < unique.length; from += ASK_AT_ONCE) {
      const some = new Map(unique.slice(from, from + ASK_AT_ONCE));
      // In this order: a job that ends in between was rescheduled, and so does not end.
      await within(ANSWER_MS, backend.jobs.reschedule(kind, some));
      const pending = await within(ANSWER_MS, backend.jobs.pending(kind, [...some.keys()]));
      const missing = [...some].filter(([key]) => !pending.has(key));
      await addNew(agenda, backend, { kind, starts: missing });
    }
  }
}

async function addNew(
  agenda: Agenda,
  { jobs }: OpenBackend,
  { kind, starts }: { readonly kind: Job['kind']; readonly starts: readonly (readonly [string, Date])[] },
): Promise<void> {
  const added = starts.map(([key, at]) => agenda.create(JOB_NAMES[kind], { [JOB_KEYS[kind]]: key }).schedule(at));
  for (let from = 0; from < added.length; from += ADD_AT_ONCE) {
    const some = added.slice(from, from + ADD_AT_ONCE);
    await within(ANSWER_MS, jobs.insert(some.map((job) => job.toJson(true))));
    // One notification for all of them.
    if (some[0]) await agenda.publishJobNotification(some[0]);
  }
}

function startOf(job: Job, startAt: Date): Date {
  const turnAt = job.kind === 'resource' ? job.turnAt : undefined;
  return turnAt ? new Date(Math.min(turnAt.getTime() - HEAD_START_MS, startAt.getTime())) : startAt;
}

function keyOf(job: Job): string {
  return job.kind === 'resource' ? job.resourceId : job.host;
}
