import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fetchOnce } from '../support/fetching.ts';
import { answer, OddServer, type Reply } from '../support/oddServer.ts';

// Services, as the CKAN archiver's suites ask for them.

const XML = { 'content-type': 'text/xml' };
const layers = '<Layer><Name>a</Name></Layer>'.repeat(300);
const WMS_130 = `<?xml version="1.0"?><WMS_Capabilities version="1.3.0" xmlns="http://www.opengis.net/wms">${layers}</WMS_Capabilities>`;
const WMS_111 = `<?xml version="1.0"?><WMT_MS_Capabilities version="1.1.1">${layers}</WMT_MS_Capabilities>`;
const WFS_200 =
  '<?xml version="1.0"?><wfs:WFS_Capabilities version="2.0.0" xmlns:wfs="http://www.opengis.net/wfs/2.0"></wfs:WFS_Capabilities>';
const SERVICE_EXCEPTION =
  '<?xml version="1.0"?><ServiceExceptionReport version="1.3.0" xmlns="http://www.opengis.net/ogc">' +
  '<ServiceException code="InvalidFormat">Can\'t recognize service requested.</ServiceException></ServiceExceptionReport>';
const OWS_EXCEPTION =
  '<?xml version="1.0"?><ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="1.1.0">' +
  '<ows:Exception exceptionCode="NoApplicableCode"><ows:ExceptionText>Unknown service</ows:ExceptionText></ows:Exception>' +
  '</ows:ExceptionReport>';

/** Answers a GetCapabilities request of this service and version; an error report to any other, nothing to the bare URL. */
function service(name: string, version: string, capabilities: string): Reply {
  return (socket, request) => {
    const query = new URLSearchParams(request.path.split('?')[1] ?? '');
    const asked = `${query.get('service')} ${query.get('request')} ${query.get('version')}`;
    const body = !query.has('request')
      ? ''
      : asked === `${name} GetCapabilities ${version}`
        ? capabilities
        : SERVICE_EXCEPTION;
    answer(200, XML, body)(socket, request);
  };
}

async function archivedService(declaredFormat: string, reply: Reply, path: string) {
  const server = await OddServer.start({ '*': reply });
  const attempt = await fetchOnce(server, path, { request: { declaredFormat } });
  assert.equal(attempt.code, 'archived', attempt.reason);
  return attempt;
}

describe('a service', () => {
  it('C17 whose bare URL is empty is asked for its capabilities, and the kind of request is recorded', async () => {
    const attempt = await archivedService('WMS', service('WMS', '1.3.0', WMS_130), '/wms');
    assert.equal(attempt.service, 'WMS 1.3');
    assert.match(attempt.evidence[0] ?? '', /WMS 1\.3$/);
    assert.match(attempt.finalUrl ?? '', /request=GetCapabilities/);
  });

  it('C30 of WMS 1.3 gives more than 7,800 bytes, and is called WMS 1.3', async () => {
    const attempt = await archivedService('WMS', service('WMS', '1.3.0', WMS_130), '/wms');
    assert.ok((attempt.bytes ?? 0) > 7800);
    assert.deepEqual([attempt.service, attempt.format], ['WMS 1.3', 'WMS']);
  });

  it('C31 that speaks only WMS 1.1.1 is asked for that next', async () => {
    const attempt = await archivedService('WMS', service('WMS', '1.1.1', WMS_111), '/wms');
    assert.deepEqual([attempt.service, attempt.requests], ['WMS 1.1.1', 2]);
  });

  it('that breaks at the first version is asked for the next', async () => {
    const broken: Reply = (socket, request) =>
      (/1\.1\.1/.test(request.path) ? answer(200, XML, WMS_111) : answer(500, {}, 'oops'))(socket, request);
    const attempt = await archivedService('WMS', broken, '/wms');
    assert.deepEqual([attempt.service, attempt.requests], ['WMS 1.1.1', 2]);
  });

  it('that breaks at every version may be asked again later', async () => {
    const server = await OddServer.start({ '*': answer(500, {}, 'oops') });
    const attempt = await fetchOnce(server, '/wms');
    assert.deepEqual([attempt.code, attempt.status, attempt.transient], ['http-error', 500, true]);
  });

  it('C32 of WFS is called WFS 2.0', async () => {
    const attempt = await archivedService('WFS', service('WFS', '2.0.0', WFS_200), '/wfs');
    assert.deepEqual([attempt.service, attempt.format], ['WFS 2.0', 'WFS']);
  });

  for (const [kind, body, words] of [
    ['service exception', SERVICE_EXCEPTION, /recognize service/],
    ['OWS exception', OWS_EXCEPTION, /Unknown service/],
  ] as const) {
    it(`C33 that answers 200 with a ${kind} is a service error in its own words`, async () => {
      for (const path of ['/wms', '/data.xml']) {
        const server = await OddServer.start({ '*': answer(200, XML, body) });
        const attempt = await fetchOnce(server, path);
        assert.deepEqual([attempt.kind, attempt.code, attempt.transient], ['failed', 'service-error', false]);
        assert.match(attempt.reason, words);
      }
    });
  }
});
