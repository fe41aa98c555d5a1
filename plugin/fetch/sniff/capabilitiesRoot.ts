import type { XmlHead } from './xmlHead.ts';

/** The document's root names the service; versions before 1.1 of OWS had names of their own. */
export function capabilitiesService(root: XmlHead, text: string): string | null {
  const version = root.attributes.get('version') ?? '';
  switch (root.localName) {
    case 'WMS_Capabilities':
    case 'WMT_MS_Capabilities':
      return named('WMS', version);
    case 'WFS_Capabilities':
      return named('WFS', version);
    case 'WCS_Capabilities':
      return named('WCS', version);
    case 'Capabilities':
      return namespaceService(root, version, text);
    default:
      return null;
  }
}

function namespaceService(root: XmlHead, version: string, text: string): string | null {
  const type = /\/(wmts|wcs|wps|sos|sps|csw)\b/i.exec(root.namespace ?? '')?.[1];
  if (type) return named(type.toUpperCase(), version);
  const told = /<(?:[\w.-]{1,40}:)?ServiceType[^>]{0,200}>\s{0,20}(?:OGC[: ])?\s{0,20}(WMTS|WCS|WFS|WMS)/i.exec(text);
  return told?.[1] ? named(told[1].toUpperCase(), version) : null;
}

/** `1.3.0` → `WMS 1.3`; a last number other than 0 tells versions apart and stays, but only WMS is known by it. */
function named(service: string, version: string): string {
  const [major = '', minor = '', patch = ''] = version.trim().split('.');
  if (!/^\d+$/.test(major)) return service;
  const exact = service === 'WMS' && /^[1-9]\d*$/.test(patch);
  return `${service} ${[major, minor || '0', ...(exact ? [patch] : [])].join('.')}`;
}
