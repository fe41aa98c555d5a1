import { createRemoteJWKSet, jwtVerify } from 'jose';
import { codeOf } from '../errors.ts';

/** What a token must say. */
export interface TaskTokenRules {
  readonly audience: string;
  readonly serviceAccount: string;
  readonly issuer: string;
  readonly keysUrl: string;
}

/**
 * Checks OIDC tokens as Cloud Tasks and Cloud Scheduler send them: signature, issuer, audience, time, and whose they are. A
 * token that is refused is false; keys that cannot be read are an error. https://cloud.google.com/tasks/docs/creating-http-target-tasks
 */
export function createTokenCheck(rules: TaskTokenRules): (token: string) => Promise<boolean> {
  const { audience, serviceAccount, issuer, keysUrl } = rules;
  const keys = createRemoteJWKSet(new URL(keysUrl), { timeoutDuration: 5000 });
  // Google's own tokens name their issuer with and without the scheme.
  const issuers = [issuer, issuer.replace(/^https:\/\//, '')];
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, { audience, issuer: issuers, clockTolerance: 30 });
      return payload['email'] === serviceAccount && payload['email_verified'] === true;
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    }
  };
}

/** What jose says of a token; it says other things of the key server. */
const isRefusal = (error: unknown): boolean =>
  /^ERR_(JWT|JWS|JWK|JOSE_(ALG|NOT))/.test(codeOf(error)) && !/^ERR_JWKS_(TIMEOUT|INVALID)/.test(codeOf(error));
