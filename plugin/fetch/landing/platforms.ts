import { choice, type DirectFormRule, form, moved } from './directForm.ts';

/** GitHub, GitLab, Gitea, Bitbucket and Hugging Face show a file where `blob` or `src` stands, and serve it elsewhere. */
const sourceForge: DirectFormRule = ({ url }) => {
  const { pathname } = url;
  if (/\/-\/blob\/[^/]+\/./.test(pathname))
    return form(moved(url, pathname.replace('/-/blob/', '/-/raw/'), {}), 'a file page of GitLab');
  if (url.hostname === 'huggingface.co' && /\/blob\/[^/]+\/./.test(pathname))
    return form(moved(url, pathname.replace('/blob/', '/resolve/'), {}), 'a file page of Hugging Face');
  if (/^\/[^/]+\/[^/]+\/blob\/[^/]+\/./.test(pathname))
    return form(moved(url, pathname.replace('/blob/', '/raw/'), {}), 'a file page of GitHub');
  if (/^\/[^/]+\/[^/]+\/src\/(branch|tag|commit)\/[^/]+\/./.test(pathname))
    return form(moved(url, pathname.replace('/src/', '/raw/'), {}), 'a file page of Gitea');
  if (url.hostname === 'bitbucket.org' && /^\/[^/]+\/[^/]+\/src\/[^/]+\/./.test(pathname))
    return form(moved(url, pathname.replace('/src/', '/raw/'), {}), 'a file page of Bitbucket');
  return null;
};

const SOCRATA = { csv: 'csv', json: 'json', xml: 'xml', rdf: 'rdf', tsv: 'tsv', xlsx: 'xlsx', rss: 'rss', geojson: '' };

const socrata: DirectFormRule = ({ url, wanted, software }) => {
  const id =
    /^\/(?:d|[^/]+\/[^/]+)\/([a-z0-9]{4}-[a-z0-9]{4})(?:\/(?:about_data|data|explore|data_preview)\b.*)?\/?$/.exec(
      url.pathname,
    )?.[1];
  if (!id || !(/socrata|tyler/i.test(software) || /^\/d\/|about_data/.test(url.pathname))) return null;
  const [name] = choice(wanted, SOCRATA, 'csv');
  if (name === 'geojson') return form(moved(url, `/resource/${id}.geojson`, {}), 'a dataset of Socrata', 'GeoJSON');
  const path = `/api/views/${id}/rows.${name}`;
  return form(moved(url, path, { accessType: 'DOWNLOAD' }), 'a dataset of Socrata', name.toUpperCase());
};

const HUB = {
  csv: 'csv',
  geojson: 'geojson',
  shp: 'shapefile',
  kml: 'kml',
  xlsx: 'excel',
  gpkg: 'geoPackage',
  fgdb: 'filegdb',
};

const arcgisHub: DirectFormRule = ({ url, wanted, software }) => {
  if (!/^\/(?:[^/]+\/)?datasets\/[^/]+/.test(url.pathname) || !/arcgis|esri/i.test(software)) return null;
  const own = /\/datasets\/([0-9a-f]{32})(?:_(\d+))?/.exec(url.pathname);
  const [, id, layer] = own ?? /\b([0-9a-f]{32})(?:_(\d{1,4})\b|[^\s]{0,3}sublayer=(\d{1,4}))?/.exec(software) ?? [];
  if (!id) return null;
  const [name, value] = choice(wanted, HUB, 'csv');
  const layers = layer ?? /sublayer=(\d{1,4})/.exec(software)?.[1] ?? '0';
  const path = `/api/download/v1/items/${id}/${value ?? 'csv'}`;
  return form(moved(url, path, { layers }), 'a dataset of ArcGIS Hub', name.toUpperCase());
};

const ODS = {
  csv: 'csv',
  json: 'json',
  geojson: 'geojson',
  shp: 'shp',
  xlsx: 'xlsx',
  xls: 'xlsx',
  kml: 'kml',
  parquet: 'parquet',
  gpx: 'gpx',
  jsonl: 'jsonl',
  rdf: 'rdfxml',
  ttl: 'turtle',
};

const openDataSoft: DirectFormRule = ({ url, wanted }) => {
  const id = /^\/(?:[a-z]{2}\/)?explore\/dataset\/([\w@.-]+)(\/|$)/.exec(url.pathname)?.[1];
  if (!id) return null;
  const [name, value] = choice(wanted, ODS, 'csv');
  const path = `/api/explore/v2.1/catalog/datasets/${id}/exports/${value ?? 'csv'}`;
  return form(moved(url, path, {}), 'a dataset of OpenDataSoft', name.toUpperCase());
};

const dataverse: DirectFormRule = ({ url }) => {
  const page = /^(.*)\/(file|dataset)\.xhtml$/.exec(url.pathname);
  if (!page) return null;
  const [, base, kind] = page;
  const fileId = url.searchParams.get('fileId');
  const persistentId = url.searchParams.get('persistentId');
  if (kind === 'file' && fileId && /^\d+$/.test(fileId))
    return form(moved(url, `${base}/api/access/datafile/${fileId}`, {}), 'a file of Dataverse');
  if (!persistentId) return null;
  const path = `${base}/api/access/${kind === 'file' ? 'datafile' : 'dataset'}/:persistentId/`;
  const target = new URL(moved(url, path, {}));
  target.search = `persistentId=${persistentId}`;
  return form(target.href, `a ${kind} of Dataverse`, kind === 'dataset' ? 'ZIP' : null);
};

/** Zenodo and other repositories of InvenioRDM. */
const invenio: DirectFormRule = ({ url }) => {
  const path = /^(.*\/records?\/[\w-]+)\/preview\/(.+)$/.exec(url.pathname);
  return path ? form(moved(url, `${path[1]}/files/${path[2]}`, { download: '1' }), 'a preview of Zenodo') : null;
};

const figshare: DirectFormRule = ({ url }) => {
  if (!/^\/articles\//.test(url.pathname)) return null;
  const file = url.searchParams.get('file');
  return file && /^\d+$/.test(file) ? form(moved(url, `/ndownloader/files/${file}`, {}), 'a file of figshare') : null;
};

const osf: DirectFormRule = ({ url }) => {
  const id = url.hostname === 'osf.io' ? /^\/([a-z0-9]{5})\/?$/.exec(url.pathname)?.[1] : undefined;
  return id ? form(moved(url, `/${id}/download`, {}), 'a file of OSF') : null;
};

/** File and dataset pages of code forges, data portals and repositories. */
export const PLATFORMS: readonly DirectFormRule[] = [
  sourceForge,
  socrata,
  arcgisHub,
  openDataSoft,
  dataverse,
  invenio,
  figshare,
  osf,
];
