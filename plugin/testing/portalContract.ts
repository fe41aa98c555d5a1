import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { HookEvent } from '../portal/Portal.ts';
import { itIsCatalog } from './catalogContract.ts';
import type { PortalSubject, PortalUnderTest } from './PortalUnderTest.ts';

type PortalCheck = (place: PortalUnderTest, context: TestContext) => Promise<void>;

const PORTAL_CHECKS: Readonly<Record<string, PortalCheck>> = {
  'says who and where it is': saysWhere,
  'takes log lines in the call shape of pino': takesLogLines,
  'passes its own probe, as often as it is asked': passesProbe,
  'tells of a save by a hook, and of nothing once the listener is off': tellsOfSaves,
  'does not report what the archiver writes back as a save': marksOwnWrites,
  'serves the handler under the URL that it names': servesHandler,
};

/**
 * Registers what every `Portal` must do, its catalogue included; each title completes "NAME as a portal". The suite writes
 * to the host's rows and leaves what it wrote.
 */
export function portalContract({ name, skip = false, open }: PortalSubject): void {
  describe(`${name} as a portal`, { skip }, () => {
    let place: PortalUnderTest;
    before(async () => {
      place = await open();
    });
    after(() => place?.close());
    for (const [title, check] of Object.entries(PORTAL_CHECKS)) {
      it(title, (context) => check(place, context));
    }
    itIsCatalog(() => place);
  });
}

async function saysWhere({ portal }: PortalUnderTest): Promise<void> {
  assert.ok(portal.info.name, 'no name');
  assert.ok(portal.info.version, 'no version');
  for (const url of [portal.urls.site, portal.urls.archiver]) {
    assert.match(new URL(url).protocol, /^https?:$/, url);
    assert.ok(!url.endsWith('/'), `${url} ends with a slash`);
  }
}

async function takesLogLines({ portal: { logger } }: PortalUnderTest): Promise<void> {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    logger[level]({ resourceId: 'r1' }, 'a line of the contract suite');
    logger[level]({ resourceId: 'r1' });
  }
}

async function passesProbe({ portal }: PortalUnderTest, context: TestContext): Promise<void> {
  if (!portal.check) return context.skip('it has no check');
  await portal.check();
  await portal.check();
}

async function tellsOfSaves(place: PortalUnderTest, context: TestContext): Promise<void> {
  const { portal, datasets } = place;
  const [resource] = datasets.flatMap(({ resources }) => resources);
  if (!portal.hooks || !place.save || !resource) return context.skip('it has no hooks, or nobody to save');
  const events: HookEvent[] = [];
  const listener = async (event: HookEvent) => void events.push(event);
  portal.hooks.on('afterResourceUpdate', listener);
  await place.save(resource, `${resource.url}?saved`);
  assert.deepEqual(
    events.map(({ resourceId, datasetId }) => ({ resourceId, datasetId })),
    [{ resourceId: resource.id, datasetId: resource.datasetId }],
  );
  assert.notEqual(events[0]?.origin, 'portal-archiver');
  portal.hooks.off?.('afterResourceUpdate', listener);
  await place.save(resource, resource.url);
  if (portal.hooks.off) assert.equal(events.length, 1);
}

async function marksOwnWrites(place: PortalUnderTest, context: TestContext): Promise<void> {
  const { portal, datasets } = place;
  const [resource] = datasets.flatMap(({ resources }) => resources);
  if (!portal.hooks || !resource) return context.skip('it has no hooks');
  const events: HookEvent[] = [];
  const listener = async (event: HookEvent) => void events.push(event);
  portal.hooks.on('afterResourceUpdate', listener);
  const change = { cacheUrl: null, cacheLastUpdated: null, hash: null, size: null, mimetype: 'text/plain' };
  await place.transaction((transaction) =>
    portal.catalog.writeBack([{ resourceId: resource.id, ...change }], transaction),
  );
  portal.hooks.off?.('afterResourceUpdate', listener);
  assert.deepEqual(
    events.filter(({ origin }) => origin !== 'portal-archiver'),
    [],
  );
}

async function servesHandler({ portal, isListening }: PortalUnderTest, context: TestContext): Promise<void> {
  if (!portal.mount || !isListening) return context.skip('it mounts nothing, or does not listen');
  portal.mount((request, response) => response.writeHead(418).end(`${request.method} ${request.url}`));
  const response = await fetch(`${portal.urls.archiver}/health/live?x=1`, { method: 'POST' });
  assert.deepEqual([response.status, await response.text()], [418, 'POST /health/live?x=1']);
}
