import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { BlobServiceClient } from '@azure/storage-blob';
import { type AzureGate, openAzureGate } from '../support/azureGate.ts';
import { type TestAzurite, testAzurite } from '../support/azurite.ts';
import { addUnreported, archivedOnce, type Fault, proveFault } from '../support/faultProof.ts';
import { openLossyGate, type Refusal } from '../support/lossyGate.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

describe('while Azure', () => {
  let azurite: TestAzurite;
  let gate: AzureGate;
  let portal: ShownPortal | null = null;
  before(async () => {
    azurite = await testAzurite();
    gate = await openAzureGate(azurite.connectionString);
  });
  afterEach(async () => {
    gate.refuse = () => null;
    await portal?.close();
    portal = null;
  });
  after(async () => {
    await gate.close();
    await azurite.stop();
  });

  async function prove(faultOf: (container: string) => Pick<Fault, 'begin' | 'end' | 'line'>): Promise<void> {
    const container = `refuses-${process.pid}-${Date.now()}`;
    const settings = { store: 'azure', azureConnectionString: gate.connectionString, azureContainer: container };
    portal = await ShownPortal.open({ settings });
    await proveFault(portal, { ...faultOf(container), check: 'bulk' });
  }

  const refusing = (refusal: Refusal, line: RegExp) => () => ({
    begin: () => {
      gate.refuse = () => refusal;
    },
    end: () => {
      gate.refuse = () => null;
    },
    line,
  });

  const patience = { 'retry-after': '1' };
  for (const [what, refusal] of [
    ['has taken a right away', { status: 403, code: 'AuthorizationPermissionMismatch' }],
    ['finds the token expired', { status: 403, code: 'AuthenticationFailed' }],
    ['is busy', { status: 503, code: 'ServerBusy', headers: patience }],
    ['throttles the account', { status: 429, code: 'TooManyRequests', headers: patience }],
  ] as const) {
    it(`${what}, nothing is fetched again, and everything is archived once afterwards`, () =>
      prove(refusing(refusal, /nothing is fetched: a service of ours refuses/)));
  }

  it('does not take one body alone, its publisher is asked once, that is told, and all others are archived', async () => {
    const { connectionString, endpoint, close } = await refusingKey(/bad/);
    try {
      portal = await ShownPortal.open({
        settings: {
          store: 'azure',
          azureConnectionString: connectionString.replace(gate.endpoint, endpoint),
          azureContainer: `one-${process.pid}-${Date.now()}`,
          retryDelaysMs: '',
        },
      });
      const { requests, logged } = portal;
      const ids = await addUnreported(portal, 3);
      const [bad = ''] = await addUnreported(portal, 1, 'bad');
      await portal.archiver.archive.requestResource(bad);
      const { archivals, taskStatus } = recordsIn(portal.database.knex);
      await until(async () => (await archivals.get(bad))?.code === 'store-failed', 60);
      assert.deepEqual(requests, ['/bad0.csv']);
      assert.match((await taskStatus.get(bad))?.error ?? '', /^The store does not take what came of the link/);
      await until(() =>
        logged.some(({ level, fields }) => level === 'error' && /refused/.test(JSON.stringify(fields))),
      );
      await portal.archiver.archive.sweep({ dryRun: false });
      await archivedOnce(portal, ids);
      const { body } = await portal.agent().get('/health/ready').expect(200);
      assert.match(body.checks.outcomes.detail, /The store does not take what came of 1 resources \(store-failed\)/);
    } finally {
      await portal?.close();
      portal = null;
      await close();
    }
  });

  /** Behind the gate of the suite, one that knows what is asked for. */
  async function refusingKey(key: RegExp) {
    const own = await openLossyGate(gate.endpoint, ({ method, url }) => `${method} ${url}`);
    own.refuse = (asked) =>
      asked.startsWith('PUT') && key.test(asked) ? { status: 403, code: 'AuthorizationFailure' } : null;
    return { connectionString: gate.connectionString, endpoint: own.endpoint, close: own.close };
  }

  it('has lost the container, nothing is fetched again, and everything is archived once when it is back', () =>
    prove((container) => {
      const client = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(container);
      return {
        begin: () => client.delete(),
        end: () => client.create(),
        line: /nothing is fetched: a service of ours refuses.*ContainerNotFound|container does not exist/i,
      };
    }));
});
