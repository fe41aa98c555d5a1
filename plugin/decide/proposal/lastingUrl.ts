/** Parameters of signed URLs and of sessions: they are another's tomorrow. Names in lower case. */
const PASSING = new Set(
  (
    'sig signature se ske exp expires expiry policy key-pair-id googleaccessid awsaccesskeyid ticket nonce hmac jwt sid ' +
    'session sessionid session_id jsessionid phpsessid aspsessionid cfid cftoken code state auth'
  ).split(' '),
);

/** `X-Amz-Signature`, `X-Goog-Credential`, `access_token`, `ASPSESSIONIDQA…`. */
const PASSING_NAME = /^x-(?:amz|goog|ms|oss)-|token|^aspsessionid/;

/** A session within the path: `;jsessionid=…`, and `(S(…))` as ASP.NET has it. */
const SESSION_PATH = /;[^/=]*sess[^/=]*=|\/\((?:[A-Z]\([^()/]+\))+\)/i;

const LOGIN = /^(?:log-?[io]n|sign-?in|sso|saml2?|oauth2?|openid|authorize|auth|adfs|cas|idp)$/;
const LOGIN_HOST = /^(?:login|signin|sso|auth|idp|accounts?)\./;
const NOT_FOUND = /^(?:40[34]|50[023]|errors?|(?:page[-_]?)?not[-_]?found|maintenance|unavailable|moved)$/;

/** Whether a URL still holds when a session or a signature has ended. What the resource's own URL says already may be in it. */
export function isLasting(target: URL, own: URL): boolean {
  if (SESSION_PATH.test(target.pathname) && !SESSION_PATH.test(own.pathname)) return false;
  if (own.protocol === 'https:' && target.protocol !== 'https:') return false;
  return [...target.searchParams].every(([name, value]) => !isPassing(name) || own.searchParams.get(name) === value);
}

function isPassing(name: string): boolean {
  const lower = name.toLowerCase();
  return PASSING.has(lower) || PASSING_NAME.test(lower);
}

/** Whether a URL is one to which servers lead whatever they no longer have: their first page, a login, a page of errors. */
export function isDeadEnd(target: URL, own: URL): boolean {
  const known = new Set(namesIn(own));
  const names = namesIn(target).filter((name) => !known.has(name));
  const isHome = namesIn(target).length === 0 && target.search === '' && (known.size > 0 || own.search !== '');
  const isLogin = names.some((name) => LOGIN.test(name)) || (LOGIN_HOST.test(target.host) && target.host !== own.host);
  return isHome || isLogin || NOT_FOUND.test(names.at(-1) ?? '');
}

/** Of the segments of a path, without what follows a dot: `login.aspx` is `login`. */
const namesIn = ({ pathname }: URL): string[] =>
  pathname
    .toLowerCase()
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => segment.replace(/\.[a-z0-9]{2,5}$/, ''))
    .filter((name) => !/^(?:index|home|default)$/.test(name));
