import { after, afterEach, before, describe, it } from 'node:test';
import { BlobServiceClient } from '@azure/storage-blob';
import { type AzureGate, openAzureGate } from '../support/azureGate.ts';
import { type TestAzurite, testAzurite } from '../support/azurite.ts';
import { type Fault, proveFault } from '../support/faultProof.ts';
import type { Refusal } from '../support/lossyGate.ts';
import { ShownPortal } from '../support/shownPortal.ts';

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
