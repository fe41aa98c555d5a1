/** What the scripts of the page that tests a browser leave in it, by who runs the test; scripts on ordinary pages are other ones. */
const CHALLENGES: readonly (readonly [string, RegExp])[] = [
  ['Cloudflare', /\b_cf_chl_opt\b|\/cdn-cgi\/challenge-platform\/h\/\w{1,4}\/orchestrate\//],
  ['AWS WAF', /\bawsWafCookieDomainList\b|\bgokuProps\b/],
  ['DataDome', /\b(?:geo|ct|interstitial)\.captcha-delivery\.com\/|\bvar dd\s?=\s?\{\s?['"]rt['"]/],
  ['Imperva', /\/_Incapsula_Resource\?[^"'\s<>]{0,200}\bSWUDNSAI=/],
  ['HUMAN', /\bid\s?=\s?["']px-captcha["']/],
  ['Anubis', /\bid\s?=\s?["']anubis_challenge["']|\/\.within\.website\/x\/cmd\/anubis\//],
  ['Sucuri', /\bsucuri_cloudproxy_js\b/],
  ['DDoS-Guard', /\/\.well-known\/ddos-guard\/(?:js-challenge|check)/],
];

/** A form with one of these is no challenge in itself; in the place of an answer it is. */
const CAPTCHA =
  /<(?:script|iframe)\b[^<>]{0,300}\ssrc\s?=\s?["']?(?:https?:)?\/\/(?:challenges\.cloudflare\.com\/turnstile|(?:js\.)?hcaptcha\.com|www\.(?:google\.com|recaptcha\.net)\/recaptcha)\//i;

/**
 * Whose test for browsers an HTML page is; null for other pages. `refused`: the status says that the page stands in the
 * place of what was asked for, so that a captcha in it is enough.
 */
export function challengePage(html: string, refused: boolean): string | null {
  const known = CHALLENGES.find(([, sign]) => sign.test(html))?.[0];
  return known ?? (refused && CAPTCHA.test(html) ? 'a captcha' : null);
}
