import type { Request, Response } from 'express';
import { Feed, type Item } from 'feed';
import { plainText } from '../decide/plainText.ts';
import { ArchiverError } from '../errors.ts';
import type { NewVersion, VersionHead } from '../record/Histories.ts';
import { may, requireVisible } from './access.ts';
import { idOf } from './askedResource.ts';
import { type DatasetHead, describeDataset } from './datasets.ts';
import { escapeHtml } from './escapeHtml.ts';
import type { HandlerDeps } from './HandlerDeps.ts';
import { sendTagged } from './sendTagged.ts';

type Kind = 'atom' | 'json';

/** What a feed is about and where it stands below the archiver's URL. */
interface Channel {
  readonly title: string;
  readonly path: string;
  readonly datasetId: string | null;
}

const ENTRIES = 50;
/** A portal of which most is private is not read to its end for one feed. */
const MOST_READ = 500;
/** Code points of a title. */
const TITLE = 300;
const MAX_AGE_S = 300;

/** New versions in all datasets that the caller may see. */
export function showFeed(kind: Kind, deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const { site, name } = deps.portal;
  return sendFeed(
    kind,
    { title: `New versions in ${name} (${site})`, path: '', datasetId: null },
    deps,
    request,
    response,
  );
}

/** New versions in one dataset; one that the caller may not see does not exist. */
export async function showDatasetFeed(
  kind: Kind,
  deps: HandlerDeps,
  request: Request,
  response: Response,
): Promise<void> {
  const asked = idOf(request);
  const dataset = await describeDataset(deps.catalog, asked);
  if (!dataset) throw new ArchiverError('not-found', `There is no dataset ${asked}.`);
  const { id, name, title } = dataset;
  await requireVisible(deps, request, 'archive.read', { datasetId: id, resourceId: null }, `dataset ${asked}`);
  const path = `/datasets/${encodeURIComponent(id)}`;
  return sendFeed(
    kind,
    { title: plainText(`New versions in ${title ?? name}`, TITLE), path, datasetId: id },
    deps,
    request,
    response,
  );
}

async function sendFeed(
  kind: Kind,
  { title, path, datasetId }: Channel,
  deps: HandlerDeps,
  request: Request,
  response: Response,
): Promise<void> {
  const shown = await visibleVersions(datasetId, deps, request);
  const url = `${deps.archiverUrl}${path}`;
  const feed = new Feed({
    id: `${url}/feed.${kind}`,
    title,
    link: deps.portal.site,
    updated: shown[0]?.change.at ?? new Date(0),
    generator: 'portal-archiver',
    feedLinks: { atom: `${url}/feed.atom`, json: `${url}/feed.json` },
  });
  for (const one of shown) {
    const item = itemOf(one, deps);
    // The library's titles in Atom are HTML.
    feed.addItem(kind === 'atom' ? { ...item, title: escapeHtml(item.title) } : item);
  }
  const text = kind === 'atom' ? feed.atom1() : feed.json1();
  response.setHeader('Content-Type', kind === 'atom' ? 'application/atom+xml; charset=utf-8' : 'application/feed+json');
  // Who may see it is asked with each request, so that only the caller may keep it.
  response.setHeader('Cache-Control', `private, max-age=${MAX_AGE_S}`);
  sendTagged(text, request, response);
}

interface Shown {
  readonly change: NewVersion;
  readonly dataset: DatasetHead;
  readonly name: string | null;
}

/** The newest first. A dataset that left the portal, or that the caller may not see, has none. */
async function visibleVersions(datasetId: string | null, deps: HandlerDeps, request: Request): Promise<Shown[]> {
  const datasets = new Map<string, Promise<DatasetHead | null>>();
  const visible = (id: string): Promise<DatasetHead | null> => {
    const known = datasets.get(id) ?? visibleDataset(id, deps, request);
    datasets.set(id, known);
    return known;
  };
  const shown: Shown[] = [];
  let after: string | null = null;
  for (let read = 0; shown.length < ENTRIES && read < MOST_READ; read += ENTRIES) {
    const page: readonly NewVersion[] = await deps.records.histories.newVersions({ datasetId, after, limit: ENTRIES });
    for (const change of page) {
      const dataset = await visible(change.datasetId);
      const resource = dataset && (await deps.catalog.getResource(change.resourceId));
      if (dataset && resource) shown.push({ change, dataset, name: resource.name });
    }
    after = page.at(-1)?.id ?? null;
    if (page.length < ENTRIES) break;
  }
  return shown.slice(0, ENTRIES);
}

async function visibleDataset(id: string, deps: HandlerDeps, request: Request): Promise<DatasetHead | null> {
  const isVisible = await may(deps, request, 'archive.read', { datasetId: id, resourceId: null });
  return isVisible ? describeDataset(deps.catalog, id) : null;
}

function itemOf({ change, dataset, name }: Shown, deps: HandlerDeps): Item {
  const { id, at, resourceId, version, previous } = change;
  const linkOf = ({ key }: VersionHead) => deps.copyUrl(key, dataset.private);
  const what = name ?? version.filename;
  const before = previous && { ...previous, url: linkOf(previous) };
  return {
    id: `${deps.archiverUrl}/resources/${encodeURIComponent(resourceId)}/events#${id}`,
    title: plainText(`${what} (${dataset.title ?? dataset.name}): ${previous ? 'a new' : 'the first'} version`, TITLE),
    link: linkOf(version),
    date: at,
    published: at,
    content: contentOf({ ...version, url: linkOf(version) }, before),
    extensions: [{ name: '_archiver', objects: { resourceId, datasetId: dataset.id, version, previous } }],
  };
}

type Linked = VersionHead & { readonly url: string };

function contentOf(version: Linked, previous: Linked | null): string {
  const line = (label: string, { url, filename, bytes, sha256 }: Linked) =>
    `<p>${label}: <a href="${escapeHtml(url)}">${escapeHtml(filename)}</a>, ${bytes} bytes, SHA-256 ${sha256}</p>`;
  return [line('Now', version), ...(previous ? [line('Before', previous)] : [])].join('');
}
