import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serviceRequest } from '../../plugin/fetch/service/serviceRequest.ts';
import { serviceResponse } from '../../plugin/fetch/service/serviceResponse.ts';
import { HeadText } from '../../plugin/fetch/sniff/headText.ts';

const asked = (url: string, format: string | null = null): readonly string[] | null => {
  const request = serviceRequest(new URL(url), format);
  return request && [request.service, ...request.urls.map(String)];
};

describe('serviceRequest', () => {
  const capabilities = (base: string, service: string, ...versions: string[]): string[] => [
    service,
    ...versions.map((version) => `${base}service=${service}&request=GetCapabilities&version=${version}`),
  ];
  const wms = (base: string): string[] => capabilities(base, 'WMS', '1.3.0', '1.1.1');
  const wfs = (base: string): string[] => capabilities(base, 'WFS', '2.0.0', '1.1.0', '1.0.0');

  const rows: readonly (readonly [string, string, string | null, string[] | null])[] = [
    ['a bare address declared WMS', 'http://a.example/maps', 'WMS', wms('http://a.example/maps?')],
    ['the root of a host declared WMS', 'http://a.example/', 'WMS', wms('http://a.example/?')],
    ['a declared OGC WMS', 'http://a.example/maps', 'OGC WMS', wms('http://a.example/maps?')],
    ['a declared wms_srvc', 'http://a.example/maps', 'wms_srvc', wms('http://a.example/maps?')],
    ['a path that ends in /wms', 'http://a.example/wms', null, wms('http://a.example/wms?')],
    ['a path of GeoServer', 'http://a.example/geoserver/topp/wfs', null, wfs('http://a.example/geoserver/topp/wfs?')],
    ['/ows declared WFS', 'http://a.example/geoserver/ows', 'WFS', wfs('http://a.example/geoserver/ows?')],
    [
      'WMSServer of ArcGIS',
      'http://a.example/arcgis/services/x/MapServer/WMSServer',
      null,
      wms('http://a.example/arcgis/services/x/MapServer/WMSServer?'),
    ],
    ['a query that names the service', 'http://a.example/x?SERVICE=WfS', null, wfs('http://a.example/x?')],
    [
      'a query that names only the request',
      'http://a.example/x?Request=getcapabilities',
      'WFS',
      wfs('http://a.example/x?'),
    ],
    [
      'parameters of its own',
      'http://a.example/cgi-bin/mapserv?map=/a%2Fb.map&Service=WMS&VERSION=1.0.0',
      null,
      wms('http://a.example/cgi-bin/mapserv?map=/a%2Fb.map&'),
    ],
    [
      'a version that we know',
      'http://a.example/wms?service=WMS&version=1.1.1&request=GetCapabilities',
      null,
      [
        'WMS',
        'http://a.example/wms?service=WMS&version=1.1.1&request=GetCapabilities',
        'http://a.example/wms?service=WMS&request=GetCapabilities&version=1.3.0',
      ],
    ],
    [
      'a request that lacks nothing, as it is written',
      'http://a.example/x?SERVICE=WMTS&REQUEST=GetCapabilities&A=b%2fc#top',
      null,
      [
        'WMTS',
        'http://a.example/x?SERVICE=WMTS&REQUEST=GetCapabilities&A=b%2fc',
        'http://a.example/x?A=b%2fc&service=WMTS&request=GetCapabilities&version=1.0.0',
      ],
    ],
    ['a path with a version', 'http://a.example/WMS_1_3/', null, wms('http://a.example/WMS_1_3/?')],
    ['a path with a version in dots', 'http://a.example/wfs-2.0.0', null, wfs('http://a.example/wfs-2.0.0?')],
    ['a WMTS', 'http://a.example/wmts', null, capabilities('http://a.example/wmts?', 'WMTS', '1.0.0')],
    ['a WCS', 'http://a.example/wcs', null, capabilities('http://a.example/wcs?', 'WCS', '2.0.1', '1.0.0')],
    [
      'a MapServer',
      'http://a.example/arcgis/rest/services/x/MapServer',
      null,
      ['ArcGIS', 'http://a.example/arcgis/rest/services/x/MapServer?f=json'],
    ],
    [
      'a layer of a FeatureServer',
      'http://a.example/arcgis/rest/services/x/FeatureServer/0?f=html&token=t',
      null,
      ['ArcGIS', 'http://a.example/arcgis/rest/services/x/FeatureServer/0?token=t&f=json'],
    ],
    [
      'an OGC API',
      'http://a.example/ogc',
      'OGC API - Features',
      ['OGC API', 'http://a.example/ogc?f=json', 'http://a.example/ogc'],
    ],
    [
      'an OGC API by its path',
      'http://a.example/geoserver/ogc/features/v1/collections',
      null,
      [
        'OGC API',
        'http://a.example/geoserver/ogc/features/v1/collections?f=json',
        'http://a.example/geoserver/ogc/features/v1/collections',
      ],
    ],
    [
      'a collection',
      'http://a.example/collections/roads',
      null,
      ['OGC API', 'http://a.example/collections/roads?f=json', 'http://a.example/collections/roads'],
    ],
    ['a collection of something declared CSV', 'http://a.example/collections/roads', 'CSV', null],
    ['a coverage of an OGC API', 'http://a.example/ogcapi/collections/a/coverage', null, null],
    ['items of an OGC API known by its path', 'http://a.example/ogc/features/collections/a/items', null, null],
    [
      'a FeatureServer that is asked for JSON already',
      'http://a.example/rest/services/x/FeatureServer?f=pjson',
      null,
      ['ArcGIS', 'http://a.example/rest/services/x/FeatureServer?f=pjson'],
    ],
    ['a GetMap request', 'http://a.example/wms?service=WMS&REQUEST=GetMap', 'WMS', null],
    ['a GetFeature request', 'http://a.example/wfs?request=GetFeature&outputFormat=csv', 'WFS', null],
    ['a GetTile request', 'http://a.example/wmts?service=WMTS&request=GetTile', null, null],
    ['a GetCoverage request', 'http://a.example/wcs?service=WCS&request=GetCoverage', null, null],
    [
      'a query of a FeatureServer',
      'http://a.example/arcgis/rest/services/x/FeatureServer/0/query?f=geojson',
      null,
      null,
    ],
    ['a file declared WMS', 'http://a.example/capabilities.xml', 'WMS', null],
    ['items of an OGC API', 'http://a.example/collections/a/items', 'OGC API', null],
    ['another service of OGC', 'http://a.example/x?service=CSW&request=GetCapabilities', 'CSW', null],
    ['a plain file', 'http://a.example/wms-guide.pdf', 'PDF', null],
    ['a name that only contains wms', 'http://a.example/newwms.csv', 'CSV', null],
    ['a declared format that only contains wms', 'http://a.example/x', 'swms', null],
  ];
  for (const [what, url, format, expected] of rows) {
    it(`${expected ? 'asks for the description of' : 'leaves alone'} ${what}`, () =>
      assert.deepEqual(asked(url, format), expected));
  }
});

describe('serviceResponse', () => {
  const answer = (text: string | Buffer, contentType: string | null = 'text/xml') =>
    serviceResponse(new HeadText(Buffer.from(text), contentType), contentType);
  const capabilities: readonly (readonly [string, string])[] = [
    ['<?xml version="1.0"?><WMS_Capabilities version="1.3.0" xmlns="http://www.opengis.net/wms">', 'WMS 1.3'],
    [
      '<?xml version="1.0"?><!DOCTYPE WMT_MS_Capabilities SYSTEM "http://a.example/x.dtd" [ <!ELEMENT A EMPTY> ]>\n' +
        '<WMT_MS_Capabilities version="1.1.1">',
      'WMS 1.1.1',
    ],
    ['<wfs:WFS_Capabilities version="2.0.0" xmlns:wfs="http://www.opengis.net/wfs/2.0">', 'WFS 2.0'],
    ['<WFS_Capabilities version="1.1.0">', 'WFS 1.1'],
    ['<WFS_Capabilities version="1.0.0">', 'WFS 1.0'],
    ['<Capabilities xmlns="http://www.opengis.net/wmts/1.0" version="1.0.0">', 'WMTS 1.0'],
    ['<wcs:Capabilities xmlns:wcs="http://www.opengis.net/wcs/2.0" version="2.0.1">', 'WCS 2.0'],
    ['<WCS_Capabilities version="1.0.0">', 'WCS 1.0'],
    ['<Capabilities version="1.0.0"><ows:ServiceType>OGC WMTS</ows:ServiceType>', 'WMTS 1.0'],
    ['\ufeff<!-- hello --><WMS_Capabilities version="1.3.0">', 'WMS 1.3'],
    ['{"currentVersion":10.81,"serviceDescription":"","layers":[]}', 'ArcGIS'],
    ['{"title":"t","links":[{"href":"/c","rel":"conformance"}]}', 'OGC API'],
  ];
  for (const [text, service] of capabilities) {
    it(`knows ${service} by ${text.slice(0, 40)}`, () =>
      assert.deepEqual(answer(text), { kind: 'capabilities', service }));
  }

  const exceptions: readonly (readonly [string, string, string?])[] = [
    [
      '<?xml version="1.0"?><ServiceExceptionReport version="1.3.0" xmlns="http://www.opengis.net/ogc">' +
        '<ServiceException code="LayerNotDefined"><![CDATA[ No layer <x> & y ]]></ServiceException></ServiceExceptionReport>',
      'LayerNotDefined: No layer & y',
    ],
    [
      '<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1"><ows:Exception exceptionCode="NoApplicableCode">' +
        '<ows:ExceptionText>broken &amp; lost</ows:ExceptionText></ows:Exception></ows:ExceptionReport>',
      'NoApplicableCode: broken & lost',
    ],
    ['<WMTException version="1.0.0">no such layer</WMTException>', 'no such layer'],
    [
      '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault>boom</s:Fault></s:Body></s:Envelope>',
      'boom',
    ],
    [
      '<ExceptionReport xmlns="urn:anything"><Exception exceptionCode="VersionNegotiationFailed"/>',
      'VersionNegotiationFailed',
    ],
    ['{"error":{"code":498,"message":"Invalid token.","details":[]}}', '498: Invalid token.', 'application/json'],
    [
      '{"type":"about:blank","title":"No such collection","status":404}',
      '404: No such collection',
      'application/problem+json',
    ],
    ['{"code":"NotFound","description":"no such thing"}', 'NotFound: no such thing', 'application/json'],
  ];
  for (const [text, message, contentType] of exceptions) {
    it(`finds an exception in ${text.slice(0, 60)}`, () =>
      assert.deepEqual(answer(text, contentType ?? 'text/xml'), { kind: 'exception', message }));
  }

  it('tells an error of no service from one that has a form', () =>
    assert.deepEqual(answer('{"error":"no such thing"}', 'application/json'), {
      kind: 'exception',
      message: '{"error":"no such thing"}',
      formless: true,
    }));

  it('reads UTF-16', () =>
    assert.deepEqual(answer(Buffer.from('\ufeff<WMS_Capabilities version="1.3.0">', 'utf16le')), {
      kind: 'capabilities',
      service: 'WMS 1.3',
    }));
  it('reads a document cut in the middle of a tag', () =>
    assert.deepEqual(answer('<WMS_Capabilities version="1.3.0" xmlns="http://www.open'), {
      kind: 'capabilities',
      service: 'WMS 1.3',
    }));
  it('expands no entity', () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "${'b'.repeat(1000)}"><!ENTITY c "&a;&a;&a;">]>`;
    assert.deepEqual(answer(`${bomb}<ServiceExceptionReport>&c;</ServiceExceptionReport>`), {
      kind: 'exception',
      message: '&c;',
    });
  });
  for (const text of [
    '',
    'a,b\n1,2',
    '<html><title>WMS_Capabilities</title>',
    '<a/>',
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><a/></s:Body></s:Envelope>',
    '{"type":"FeatureCollection","features":[]}',
    '{"name":"x","message":"data"}',
    '{"code":"GB","description":"Great Britain"}',
    '{"error":null,"message":"fine"}',
    '[{"error":{"code":1}}]',
  ]) {
    it(`sees no service in ${JSON.stringify(text)}`, () => assert.equal(answer(text, null), null));
  }
});
