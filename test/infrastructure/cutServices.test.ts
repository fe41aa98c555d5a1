import { after, afterEach, before, describe, it } from 'node:test';
import { testAzurite } from '../support/azurite.ts';
import { CuttingProxy } from '../support/cuttingProxy.ts';
import { proveFault } from '../support/faultProof.ts';
import { type TestMongodb, testMongodb } from '../support/mongodb.ts';
import { ShownPortal } from '../support/shownPortal.ts';

const REFUSES = /nothing is fetched: a service of ours refuses/;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('while Azurite cannot be reached', () => {
  it('what was on its way is kept, and everything is archived once when it is back', async () => {
    const azurite = await testAzurite();
    closers.push(() => azurite.stop());
    const endpoint = /BlobEndpoint=([^;]+)/.exec(azurite.connectionString)?.[1] ?? '';
    const proxy = await CuttingProxy.before(endpoint);
    closers.push(() => proxy.close());
    const portal = await ShownPortal.open({
      settings: {
        store: 'azure',
        azureConnectionString: azurite.connectionString.replace(endpoint, proxy.through(endpoint)),
        azureContainer: `cut-${process.pid}-${Date.now()}`,
      },
    });
    closers.push(() => portal.close());
    await proveFault(portal, {
      begin: () => proxy.cut(),
      end: () => proxy.resume(),
      line: REFUSES,
      check: 'bulk',
    });
  });
});

const mongodb = await testMongodb();

describe('while MongoDB cannot be reached', { skip: 'missing' in mongodb && mongodb.missing }, () => {
  let server: TestMongodb;
  before(() => {
    if (!('missing' in mongodb)) server = mongodb;
  });
  after(() => server?.stop());

  it('what has begun ends, and all the rest is archived once when it is back', async () => {
    const proxy = await CuttingProxy.before(server.url);
    closers.push(() => proxy.close());
    const mongodbUrl = `${proxy.through(server.url)}?directConnection=true&serverSelectionTimeoutMS=3000`;
    const portal = await ShownPortal.open({ settings: { mongodbUrl } });
    closers.push(() => portal.close());
    await proveFault(portal, {
      begin: () => proxy.cut(),
      end: () => proxy.resume(),
      line: /"message":"queue error"/,
      check: 'queue',
    });
  });
});
