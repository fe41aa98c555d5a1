import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { archiveResource } from '../../plugin/archiveResource.ts';
import type { ArchiveEvent } from '../../plugin/notify/Listener.ts';
import { GroupedRecorder } from '../../plugin/record/archival/groupedRecorder.ts';
import type { Records } from '../../plugin/record/Records.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { createJourney } from '../../plugin/wiring/createJourney.ts';
import { createLocalRetriever } from '../../plugin/wiring/openRetriever.ts';
import { createStore } from '../../plugin/wiring/openStore.ts';
import { AttemptTally } from '../../plugin/work/attemptTally.ts';
import { addResource, SILENT } from '../support/testPortal.ts';
import { type TriggerPortal, triggerPortal } from '../support/triggerPortal.ts';
import { until } from '../support/until.ts';

const NOW = new Date();
const URL = 'http://127.0.0.1:8080/secret.csv';

describe('what a journey tells', () => {
  let opened: TriggerPortal;
  let folder = '';
  let events: ArchiveEvent[] = [];
  let lines: { level: string; fields: object; message: string | undefined }[] = [];

  before(async () => {
    opened = await triggerPortal();
    folder = await mkdtemp(join(tmpdir(), 'archiver-journey-'));
    for (const id of ['r1', 'r2']) await addResource(opened.database.knex, id, URL);
  });
  after(async () => {
    await opened.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    events = [];
    lines = [];
  });

  const logger = {
    ...SILENT,
    info: (fields: object, message?: string) => void lines.push({ level: 'info', fields, message }),
    warn: (fields: object, message?: string) => void lines.push({ level: 'warn', fields, message }),
  };

  /** Archives a resource whose address may not be asked, for a run of its dataset. */
  async function archive(resourceId: string, records: Records): Promise<string> {
    const { portal } = opened;
    const config = loadConfig({ environment: {}, settings: { folder } });
    const store = await createStore(config);
    await store.open();
    const retriever = await createLocalRetriever(config, { site: 'http://portal.example' });
    const { run } = await opened.records.runs.create(
      { kind: 'dataset', lane: 'priority', subjectId: 'd1', datasetId: 'd1', total: 1 },
      { caller: null, idempotencyKey: null, now: NOW },
      [{ resourceId, datasetId: 'd1', url: URL, host: '127.0.0.1:8080' }],
    );
    const lease = await opened.records.archivals.lease(resourceId, { owner: 'test', leaseMs: 30_000, now: NOW });
    assert.ok(lease);
    const journey = createJourney(
      {
        config,
        portal: { ...portal, logger },
        records,
        recorder: new GroupedRecorder(opened.records.archivals),
        store,
        queueName: 'agenda-postgresql',
        tally: new AttemptTally(),
        ownership: { mayRemove: async () => true },
        keeper: { keep: (_fetched, _signal, work) => work(), staging: (_url, fetch) => fetch() },
        describe: (id) => portal.catalog.getResource(id),
        datasetTitle: async () => null,
        newestCopy: (id) => records.copies.newest(id),
        isStored: async (key) => (await store.size(key)) !== null,
        emit: (event) => void events.push(event),
        now: () => NOW,
      },
      retriever,
      { enter: async () => ({ kind: 'busy', retryInMs: 1000 }), connected: () => undefined },
    );
    await archiveResource(lease, journey, new AbortController().signal);
    await retriever.close();
    await store.close();
    return run.id;
  }

  it('is its events, those of the dataset last, and the detail in the log alone', async () => {
    const runId = await archive('r1', opened.records);
    await until(() => events.some(({ name }) => name === 'archive.dataset'));
    assert.deepEqual(
      events.map(({ name, code, datasetId, resourceId, runId }) => ({ name, code, datasetId, resourceId, runId })),
      [
        { name: 'archive.failed', code: 'blocked-address', datasetId: 'd1', resourceId: 'r1', runId },
        { name: 'archive.dataset', code: null, datasetId: 'd1', resourceId: null, runId },
      ],
    );
    assert.ok(!JSON.stringify(events).includes('127.0.0.1'), 'events go to anybody');
    const [line] = lines;
    assert.equal(line?.message, 'archival ended');
    assert.match(JSON.stringify(line.fields), /"code":"blocked-address".*"detail":"[^"]*127\.0\.0\.1/);
  });

  it('fails nobody when the end of a run cannot be read, and says so', async () => {
    const runs: Records['runs'] = Object.create(opened.records.runs, {
      get: { value: () => Promise.reject(new Error('the database is away')) },
    });
    const runId = await archive('r2', { ...opened.records, runs });
    await until(() => lines.some(({ level }) => level === 'warn'));
    assert.deepEqual(lines.at(-1), {
      level: 'warn',
      fields: { runId, error: 'the database is away' },
      message: 'the end of a run could not be told',
    });
  });
});
