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

/** Adds jobs for those that have none; a job that waits for later starts at `startAt`. */
export async function addJobs({ agenda, backend }: Place, jobs: readonly Job[], startAt: Date): Promise<void> {
  for (const kind of ['resource', 'host'] as const) {
    const keys = [...new Set(jobs.filter((job) => job.kind === kind).map(keyOf))];
    for (let from = 0; from < keys.length; from += ASK_AT_ONCE) {
      const some = keys.slice(from, from + ASK_AT_ONCE);
      // In this order: a job that ends in between was rescheduled, and so does not end.
      await within(ANSWER_MS, backend.jobs.reschedule(kind, some, startAt));
      const pending = await within(ANSWER_MS, backend.jobs.pending(kind, some));
      await addNew(agenda, backend, { kind, startAt, keys: some.filter((key) => !pending.has(key)) });
    }
  }
}

async function addNew(
  agenda: Agenda,
  { jobs }: OpenBackend,
  { kind, keys, startAt }: { readonly kind: Job['kind']; readonly keys: readonly string[]; readonly startAt: Date },
): Promise<void> {
  const added = keys.map((key) => agenda.create(JOB_NAMES[kind], { [JOB_KEYS[kind]]: key }).schedule(startAt));
  for (let from = 0; from < added.length; from += ADD_AT_ONCE) {
    const some = added.slice(from, from + ADD_AT_ONCE);
    await within(ANSWER_MS, jobs.insert(some.map((job) => job.toJson(true))));
    // One notification for all of them.
    if (some[0]) await agenda.publishJobNotification(some[0]);
  }
}

function keyOf(job: Job): string {
  return job.kind === 'resource' ? job.resourceId : job.host;
}
