// A portal of fifty lines in plain JavaScript, as its author would write it: the package test runs it in an empty project
// where nothing but portal-archiver is installed.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createArchiver } from 'portal-archiver';

const publisher = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'text/csv' }).end('id,name\n1,Ada\n');
});
publisher.listen(0, '127.0.0.1');
await once(publisher, 'listening');
const { port } = publisher.address();

const resource = {
  id: 'r1',
  datasetId: 'd1',
  url: `http://127.0.0.1:${port}/people.csv`,
  name: 'People',
  format: 'CSV',
  urlType: null,
};
const quiet = () => undefined;

const portal = {
  info: { name: 'plain', version: '1.0.0' },
  urls: { site: 'http://portal.example', archiver: 'http://portal.example/archiver' },
  catalog: {
    getResource: async (id) => (id === resource.id ? resource : null),
    getDataset: async (id) =>
      id === 'd1' ? { id, name: 'people', title: null, private: false, resources: [resource] } : null,
    listResources: async ({ after }) => (after === null ? [resource] : []),
    writeBack: async (changes, transaction) => {
      for (const { resourceId, cacheUrl, cacheLastUpdated } of changes) {
        if (!cacheUrl) continue;
        const row = { cache_url: cacheUrl, cache_last_updated: cacheLastUpdated };
        await transaction('resource').where({ id: resourceId }).update(row);
      }
    },
  },
  authorize: () => true,
  logger: { debug: quiet, info: quiet, warn: quiet, error: console.error },
};

const archiver = createArchiver({
  environment: { ...process.env, ARCHIVER_ALLOW_NETWORKS: `127.0.0.1/32:${port}` },
});
archiver.register(portal);
await archiver.start();
const ended = new Promise((resolve) => {
  archiver.on((event) => {
    if (event.resourceId === resource.id && ['archive.succeeded', 'archive.failed'].includes(event.name))
      resolve(event);
  });
});
await archiver.hooks.afterResourceCreate({ datasetId: 'd1', resourceId: 'r1' });
const { name, code, cacheUrl } = await ended;
await archiver.stop();
publisher.close();
console.log(JSON.stringify({ name, code, cacheUrl }));
