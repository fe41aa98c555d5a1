import { ownText } from './ownText.ts';
import type { PageContext } from './pageContext.ts';
import { type Judge, type Signal, signal } from './signal.ts';
import { COLLECTIONS, DESCRIPTIONS, DOCUMENTATION, ELSEWHERE, FILES, folded } from './words.ts';

/** Where on the page it stands. */
export const place: Judge = ({ links }) => {
  const weights = { main: 0, header: -1.5, aside: -2, navigation: -2.5, footer: -3 } as const;
  const [best] = links.map(({ region }) => region).sort((one, other) => weights[other] - weights[one]);
  return best && best !== 'main' ? [signal(weights[best], `it stands in the page's ${best}`)] : [];
};

/** What it stands under. */
export const headings: Judge = ({ links }) => {
  const near = links.map(({ headings }) => folded(headings.slice(0, 2).join(' | ')));
  if (near.every((text) => text !== '' && ELSEWHERE.test(text)))
    return [signal(-2.5, 'it stands under what belongs to something else')];
  if (links.every((link) => ELSEWHERE.test(folded(link.near))))
    return [signal(-2, 'the words next to it send elsewhere')];
  const firsts = links.map(({ headings }) => folded(headings[0] ?? ''));
  if (firsts.every((text) => DESCRIPTIONS.test(text))) return [signal(-1.8, 'it stands under what describes the data')];
  return firsts.some((text) => FILES.test(text)) ? [signal(0.7, 'it stands under a heading of files')] : [];
};

/** A word that is wanted does not speak against a link. */
export const subject: Judge = (candidate, { wantedText }) => {
  const text = folded(
    `${ownText(candidate).replace(/https?:\S+/g, '')} ${candidate.links.map(({ rel }) => rel).join(' ')}`,
  ).replace(/[^\p{L}\p{M}\d.]+/gu, ' ');
  const found: Signal[] = [];
  for (const [pattern, weight, because] of SUBJECTS) {
    const word = pattern.exec(text)?.[0];
    if (word !== undefined && !wantedText.includes(word)) found.push(signal(weight, `“${word}” ${because}`));
  }
  const row = folded(candidate.links[0]?.row ?? '')
    .replace(/https?:\S+/g, '')
    .slice(0, 24);
  const described = found.length === 0 ? DESCRIPTIONS.exec(row)?.[0] : undefined;
  if (described !== undefined && !wantedText.includes(described))
    found.push(signal(-2.2, `“${described}” stands next to it`));
  return found;
};

const SUBJECTS: readonly (readonly [RegExp, number, string])[] = [
  [DOCUMENTATION, -5, 'is no name of data'],
  [DESCRIPTIONS, -4.5, 'describes data, or says how to read it'],
  [COLLECTIONS, -3, 'is a collection of other things'],
];

const SOCIAL =
  /(^|\.)(facebook|twitter|x|linkedin|instagram|youtube|youtu|vimeo|pinterest|whatsapp|t|reddit|flickr|mastodon|addthis|doi|orcid|w3|okfn|creativecommons|opendatacommons|schema|wikipedia|googletagmanager|apple)\.(com|org|me|be|social|net)$/i;
/** Pages of catalogues and applications: what they show is found by asking them, not by taking them. */
const PAGE_PATHS =
  /\/(dataset|datasets|resource|organization|group|user|login|signin|search|tags?|topics?|themes?|explore|issues|pulls?|tree|blame|commits?|wiki|record|records|handle|item)(\/[^/.]+)*\/?$|\/(oai|sparql)\b|\/api\/(1|3|util|views\/metadata)\b|\/wp-json\b|\/(feed|rss)\/?$|\/archive\/refs\/|\/-\/archive\//i;

/** Views of a file in a repository of code, and exports of a record's metadata. */
const REPOSITORY_PATHS =
  /\/(blame|commits?|edit|tree|find_file|network)\/|\/records?\/[^/]+\/export\/|\/formatters\/|\/export\/(bibtex|datacite|dcat(-ap)?|marcxml|dublincore|csl|json-ld)\b/i;

/** Where it leads by its address. */
export const address: Judge = ({ url, links, format }, context) => {
  const target = new URL(url);
  const found: Signal[] = [];
  if (SOCIAL.test(target.hostname)) found.push(signal(-5, `${target.hostname} keeps no data of others`));
  const isFile = format !== null && /^(extension|query|path)$/.test(format.from) && format.kind !== 'page';
  if (
    PAGE_PATHS.test(target.pathname) &&
    !isFile &&
    !links.some(({ source: it }) => it === 'download-property' || it === 'rule')
  )
    found.push(signal(-3, 'its address is one of pages'));
  if (REPOSITORY_PATHS.test(target.pathname))
    found.push(signal(-4, 'its address is one of descriptions and histories'));
  if (target.pathname === '/' && target.search === '') found.push(signal(-4, 'it is the start of a site'));
  if (isRdfTwin(url, context) && !/^(RDF|TTL|N3|JSON-LD|XML|N-Triples)$/.test(context.declaredFormat ?? ''))
    found.push(signal(-3, 'it describes the page itself in another form'));
  if (context.isListing && target.pathname.endsWith('/')) found.push(signal(-4, 'it is a folder'));
  if (context.isListing && isFile && format.kind !== 'other') found.push(signal(0.8, 'it is a file of the listing'));
  return found;
};

/** CKAN and others serve a dataset's description beside its page: `/dataset/x.rdf`, `?format=rdf`. */
function isRdfTwin(url: string, { url: page }: PageContext): boolean {
  const target = new URL(url);
  if (target.host !== page.host) return false;
  const path = target.pathname.replace(/\.(rdf|ttl|n3|jsonld|xml|json|nt)$/i, '');
  return path !== target.pathname && page.pathname.replace(/\/$/, '') === path;
}

const ALTERNATES = /(rdf|turtle|n3|rss|atom|ld\+json|oembed|\/html)/i;

/** Feeds and descriptions in the head of a page. */
export const alternate: Judge = ({ links }) =>
  links.every(({ source: it }) => it === 'alternate') &&
  links.some(({ declaredType }) => ALTERNATES.test(declaredType ?? ''))
    ? [signal(-2.5, 'it is a feed or a description')]
    : [];

/** What kind of page it is. */
export const state: Judge = ({ rule }, { isError, isOverview }) => {
  if (isError && rule === null) return [signal(-3.5, 'the page reports an error or asks who one is')];
  return isOverview ? [signal(-1.5, 'the page is an overview')] : [];
};
