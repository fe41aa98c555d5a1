import { choice, type DirectFormRule, form, isHost, moved, withParameter } from './directForm.ts';

const googleDrive: DirectFormRule = ({ url }) => {
  if (!/^(drive|docs)\.google\.com$/.test(url.hostname)) return null;
  const id =
    /\/file\/d\/([\w-]{10,})/.exec(url.pathname)?.[1] ??
    (/^\/(open|uc)$/.test(url.pathname) ? url.searchParams.get('id') : null);
  if (!id || url.searchParams.get('export') === 'download') return null;
  return form(
    `https://drive.google.com/uc?export=download&id=${encodeURIComponent(id)}`,
    'a share link of Google Drive',
  );
};

const SHEETS = { csv: 'csv', xlsx: 'xlsx', xls: 'xlsx', ods: 'ods', pdf: 'pdf', tsv: 'tsv' };
const TEXTS = { pdf: 'pdf', docx: 'docx', odt: 'odt', txt: 'txt' };

const googleDocs: DirectFormRule = ({ url, wanted }) => {
  if (url.hostname !== 'docs.google.com') return null;
  const published = /^\/spreadsheets\/d\/e\/([\w-]+)\/pubhtml/.exec(url.pathname)?.[1];
  if (published)
    return form(moved(url, `/spreadsheets/d/e/${published}/pub`, { output: 'csv' }), 'a published Google sheet', 'CSV');
  const [, kind, id] = /^\/(spreadsheets|document|presentation)\/d\/([\w-]{10,})/.exec(url.pathname) ?? [];
  if (!id || /\/export/.test(url.pathname)) return null;
  const [name, extension] = kind === 'spreadsheets' ? choice(wanted, SHEETS, 'csv') : choice(wanted, TEXTS, 'pdf');
  const gid = url.searchParams.get('gid') ?? /gid=(\d+)/.exec(url.hash)?.[1];
  const query: Record<string, string> = { format: extension ?? name };
  if (gid && kind === 'spreadsheets') query['gid'] = gid;
  return form(moved(url, `/${kind}/d/${id}/export`, query), 'a document of Google', name.toUpperCase());
};

const dropbox: DirectFormRule = ({ url }) =>
  isHost(url, 'dropbox.com') && /^\/(s|sh|scl\/f[io])\//.test(url.pathname) && url.searchParams.get('dl') !== '1'
    ? form(withParameter(url, 'dl', '1'), 'a share link of Dropbox')
    : null;

const oneDrive: DirectFormRule = ({ url }) => {
  if (url.hostname === '1drv.ms') {
    const token = Buffer.from(url.href, 'utf8').toString('base64url');
    return form(`https://api.onedrive.com/v1.0/shares/u!${token}/root/content`, 'a share link of OneDrive');
  }
  if (url.hostname !== 'onedrive.live.com' || !/^\/(redir|embed|view\.aspx|edit\.aspx|)\/?$/.test(url.pathname))
    return null;
  return url.searchParams.has('resid') ? form(moved(url, '/download'), 'a share link of OneDrive') : null;
};

const sharePoint: DirectFormRule = ({ url }) => {
  const shared = /^\/:[a-z]:\/[a-z]\//.test(url.pathname);
  if (shared && url.searchParams.get('download') !== '1')
    return form(withParameter(url, 'download', '1'), 'a share link of SharePoint');
  const source = /\/_layouts\/15\/(Doc|WopiFrame)\.aspx$/i.test(url.pathname)
    ? url.searchParams.get('sourcedoc')
    : null;
  if (!source) return null;
  const path = url.pathname.replace(/[^/]+$/, 'download.aspx');
  return form(moved(url, path, { UniqueId: source.replace(/[{}]/g, '') }), 'a document of SharePoint');
};

const box: DirectFormRule = ({ url }) => {
  const id = isHost(url, 'box.com') ? /^\/s\/(\w+)$/.exec(url.pathname)?.[1] : undefined;
  return id ? form(moved(url, `/shared/static/${id}`), 'a share link of Box') : null;
};

const nextcloud: DirectFormRule = ({ url, software }) => {
  const path = /^(.*\/s\/\w{10,})\/?$/.exec(url.pathname)?.[1];
  return path && /nextcloud|owncloud/i.test(software)
    ? form(moved(url, `${path}/download`), 'a share link of Nextcloud')
    : null;
};

/** Share links of file stores. */
export const SHARE_LINKS: readonly DirectFormRule[] = [
  googleDrive,
  googleDocs,
  dropbox,
  oneDrive,
  sharePoint,
  box,
  nextcloud,
];
