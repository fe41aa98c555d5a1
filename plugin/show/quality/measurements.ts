import type { AttemptNote } from '../../model/history.ts';
import type { ReportedLink } from '../../record/ReportedLinks.ts';

/**
 * Prefixes of the document. `pv:` is the vocabulary that data.europa.eu measures by (piveau), `dqv:` the W3C's Data Quality
 * Vocabulary, `hydra:` what DCAT catalogues page with.
 */
export const CONTEXT = {
  dcat: 'http://www.w3.org/ns/dcat#',
  dcterms: 'http://purl.org/dc/terms/',
  dqv: 'http://www.w3.org/ns/dqv#',
  hydra: 'http://www.w3.org/ns/hydra/core#',
  prov: 'http://www.w3.org/ns/prov#',
  pv: 'https://piveau.eu/ns/voc#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
} as const;

/** What is measured of one link. */
export interface Measured {
  readonly link: ReportedLink;
  /** The last attempt that made a request; null: there was none. */
  readonly attempt: Pick<AttemptNote, 'at' | 'status'> | null;
  /** IRI of the resource in the portal, or with us where it has no page. */
  readonly iri: string;
  /** Where the newest copy is served; null: there is none. */
  readonly copyUrl: string | null;
}

/**
 * A resource as a distribution with its measurements: the status codes of its URLs, as data.europa.eu has them. Where no server
 * answered there is no status code to tell. Pure.
 */
export function distributionOf({ link, attempt, iri, copyUrl }: Measured): object {
  const url = iriOf(link.url);
  const measurements = ['pv:accessUrlStatusCode', 'pv:downloadUrlStatusCode'].flatMap((metric) =>
    attempt?.status == null ? [] : [measurementOf(iri, metric, { at: attempt.at, status: attempt.status })],
  );
  return {
    '@id': iri,
    '@type': 'dcat:Distribution',
    'dcterms:identifier': link.resourceId,
    ...(url === null ? {} : { 'dcat:accessURL': { '@id': url }, 'dcat:downloadURL': { '@id': url } }),
    ...(copyUrl === null ? {} : { 'prov:hadDerivation': { '@id': copyUrl } }),
    ...(measurements.length === 0 ? {} : { 'dqv:hasQualityMeasurement': measurements }),
  };
}

function measurementOf(iri: string, metric: string, { at, status }: { readonly at: Date; readonly status: number }) {
  return {
    '@type': 'dqv:QualityMeasurement',
    'dqv:computedOn': { '@id': iri },
    'dqv:isMeasurementOf': { '@id': metric },
    'dqv:value': { '@type': 'xsd:integer', '@value': String(status) },
    'prov:generatedAtTime': { '@type': 'xsd:dateTime', '@value': at.toISOString() },
  };
}

/** null: it is no absolute URL, and names nothing. */
function iriOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).href : null;
}
