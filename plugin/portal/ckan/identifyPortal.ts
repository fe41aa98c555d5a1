import { ArchiverError } from '../../errors.ts';
import { ActionClient, type ActionClientDeps } from './actionClient.ts';
import { type ActionResult, isRecord } from './actionResponse.ts';

/** Who the token belongs to. */
export interface RemoteUser {
  readonly name: string;
  readonly isSysadmin: boolean;
}

/** A portal that was found and answers. */
export interface IdentifiedPortal {
  readonly client: ActionClient;
  /** Absolute URL without a trailing slash: where a redirect led, if there was one. */
  readonly site: string;
  /** null: the portal hides it. */
  readonly version: string | null;
  readonly title: string | null;
  /** null: anonymous. */
  readonly user: RemoteUser | null;
}

const MOST_REDIRECTS = 5;

/**
 * Finds the API below the URL that the operator named, and checks the token: CKAN treats a wrong one as none, so only
 * `user_show` tells. Throws `ArchiverError('settings-invalid')` for a URL or token that cannot be meant, `portal-failed`
 * where no CKAN answers.
 */
export async function identifyPortal(named: string, deps: Omit<ActionClientDeps, 'site'>): Promise<IdentifiedPortal> {
  let site = siteOf(named);
  for (let hops = 0; ; hops++) {
    const client = new ActionClient({ ...deps, site, token: null });
    const status = await client.read('status_show');
    const answered = status.kind === 'ok' ? status : await client.read('package_search', { rows: 0 });
    if (answered.kind === 'ok') return describe(site, status, deps);
    const next = redirectedSite(site, status) ?? redirectedSite(site, answered);
    if (next === null || hops === MOST_REDIRECTS) throw client.failure('package_search', answered);
    if (deps.token !== null && !isSameHostSecured(site, next)) {
      const message = `The portal ${site} redirects to ${next}. Name ${next} itself if the token is meant for it.`;
      throw new ArchiverError('settings-invalid', message);
    }
    deps.logger.info({ site, next }, 'the portal redirects');
    site = next;
  }
}

async function describe(
  site: string,
  status: ActionResult,
  deps: Omit<ActionClientDeps, 'site'>,
): Promise<IdentifiedPortal> {
  const client = new ActionClient({ ...deps, site });
  const about = status.kind === 'ok' && isRecord(status.result) ? status.result : {};
  return {
    client,
    site,
    version: typeof about.ckan_version === 'string' ? about.ckan_version : null,
    title: typeof about.site_title === 'string' ? about.site_title : null,
    user: deps.token === null ? null : await checkToken(client),
  };
}

/** Throws `ArchiverError('settings-invalid')` for a token that the portal does not know, or knows no longer. */
export async function checkToken(client: ActionClient): Promise<RemoteUser> {
  const answered = await client.write('user_show', {});
  if (answered.kind === 'unavailable') throw client.failure('user_show', answered);
  const user = answered.kind === 'ok' && isRecord(answered.result) ? answered.result : null;
  if (typeof user?.name === 'string') return { name: user.name, isSysadmin: user.sysadmin === true };
  throw new ArchiverError(
    'settings-invalid',
    `The portal ${client.site} does not know the token (CKAN_API_TOKEN or --token): it is wrong, has expired or was revoked.`,
  );
}

/** `https://data.example/base` of what people copy from a browser or a manual. Throws `ArchiverError('invalid-request')`. */
export function siteOf(named: string): string {
  const text = /^[a-z][a-z0-9+.-]*:/i.test(named) ? named : `https://${named}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new ArchiverError('invalid-request', `${named} is no URL of a portal, such as https://data.example.org.`);
  const path = url.pathname.replace(/\/(?:api(?:\/.*)?|dataset\/?)$/, '').replace(/\/+$/, '');
  return `${url.origin}${path}`;
}

/** The site that an action was redirected to; null where it leads elsewhere than to the same action. */
function redirectedSite(site: string, answered: ActionResult): string | null {
  if (answered.kind !== 'unavailable' || answered.code !== 'redirect' || answered.location === null) return null;
  const from = `${site}/api/3/action/`;
  const target = URL.canParse(answered.location, from) ? new URL(answered.location, from) : null;
  const [, path] = (target && /^(.*?)\/api\/3\/action\/\w+\/?$/.exec(target.pathname)) || [];
  const next = target && path !== undefined && /^https?:$/.test(target.protocol) ? `${target.origin}${path}` : null;
  return next === site ? null : next;
}

/** The token may follow an upgrade to https on the same host, nothing else. */
function isSameHostSecured(from: string, to: string): boolean {
  return new URL(from).hostname === new URL(to).hostname && to.startsWith('https:');
}
