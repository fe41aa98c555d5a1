import { capabilitiesService } from './capabilitiesRoot.ts';
import type { HeadText } from './headText.ts';

interface XmlMatch {
  readonly format: string;
  readonly evidence: string;
  readonly root: string | null;
}

const BY_ROOT: Readonly<Record<string, string>> = {
  kml: 'KML',
  gpx: 'GPX',
  rss: 'RSS',
  svg: 'SVG',
  html: 'XHTML',
  xbrl: 'XBRL',
  'iati-activities': 'IATI',
  'iati-organisations': 'IATI',
};

const BY_NAMESPACE: readonly (readonly [RegExp, string])[] = [
  [/^http:\/\/www\.w3\.org\/1999\/xhtml$/, 'XHTML'],
  [/^http:\/\/www\.w3\.org\/1999\/02\/22-rdf-syntax-ns#$/, 'RDF'],
  [/^http:\/\/www\.w3\.org\/2005\/Atom$|^http:\/\/purl\.org\/atom\/ns#$/, 'Atom'],
  [/^https?:\/\/www\.opengis\.net\/(gml|citygml)\b/, 'GML'],
  // A description of coverages, which is no capabilities document but the service's own answer.
  [/^https?:\/\/www\.opengis\.net\/wcs\b/, 'WCS'],
  [/sdmx\.org\//i, 'SDMX'],
];

/**
 * XML by its root element; null when the text is none. An XML declaration is enough where the root lies beyond the head.
 */
export function sniffXml({ text, xml: root }: HeadText, complete: boolean): XmlMatch | null {
  if (!root) {
    const declared = /^\s*<\?xml\s/.test(text.slice(0, 1000));
    const cut = !complete && /^\s*<!(doctype\s+(?!html)|--)/i.test(text.slice(0, 1000));
    return declared || cut ? { format: 'XML', evidence: 'it begins as XML', root: null } : null;
  }
  // Without a declaration words in angle brackets are no proof: the text must also end as a document does.
  if (!root.declared && complete && !text.trimEnd().endsWith('>')) return null;
  const service = capabilitiesService(root, text);
  const format =
    service?.split(' ')[0] ??
    formatOf(root.localName, root.namespace, text.slice(root.contentAt - 1, root.contentAt + 4000), root.attributes);
  return { format: isKnown(format) ? format : 'XML', evidence: `its XML root is <${root.name}>`, root: root.localName };
}

function formatOf(
  name: string,
  namespace: string | null,
  content: string,
  attributes: ReadonlyMap<string, string>,
): string {
  const byNamespace = BY_NAMESPACE.find(([pattern]) => pattern.test(namespace ?? ''))?.[1];
  if (byNamespace) return byNamespace;
  if (name === 'RDF') return 'RDF';
  const byRoot = BY_ROOT[name.toLowerCase()];
  if (byRoot) return byRoot;
  const others = [...attributes.values()].join(' ');
  if (name === 'FeatureCollection' && /opengis\.net\/(gml|wfs)/.test(`${namespace} ${others}`)) return 'GML';
  if (name === 'feed' && /<entry[\s>]/.test(content)) return 'Atom';
  return /sdmx\.org\//i.test(others) ? 'SDMX' : 'XML';
}

function isKnown(format: string): boolean {
  return !['CSW', 'WPS', 'SOS', 'SPS'].includes(format);
}
