import { codeOf } from '../../plugin/errors.ts';
import { AzureBlobStore } from '../../plugin/store/azureBlobStore.ts';
import { bytesOf } from '../../plugin/testing/storedBytes.ts';

const accountUrl = process.argv[2] ?? '';
const scopes = new Set<string>();
let asked = 0;

/** As Azurite reads it: everything but the signature. @see https://github.com/Azure/Azurite#oauth-configuration */
function token(audience: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const at = Math.floor(Date.now() / 1000);
  const claims = { nbf: at - 60, iat: at - 60, exp: at + 3600, iss: 'https://sts.windows.net/tenant/', aud: audience };
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.${Buffer.from('none').toString('base64url')}`;
}

/** Each token has run out as soon as it is there, so that every request needs a new one. */
const credentialFor = (audience: string) => ({
  async getToken(scope: string | string[]) {
    asked += 1;
    for (const one of [scope].flat()) scopes.add(one);
    return { token: token(audience), expiresOnTimestamp: Date.now() };
  },
});

const storeWith = (audience: string) =>
  new AzureBlobStore({ accountUrl, container: 'by-token', credential: credentialFor(audience) });

const refused = await storeWith('https://elsewhere.example')
  .open()
  .then(() => 'opened', codeOf);
const store = storeWith('https://storage.azure.com');
await store.open();
const key = 'archive/20260102T030405Z/r1/file.csv';
const before = asked;
const committed = await store.commit(await store.stageWhole(key, Buffer.from('id\n1\n'), { mediaType: 'text/csv' }));
const body = String(await bytesOf(store, key));
console.log(JSON.stringify({ refused, committed, body, scopes: [...scopes], renewed: asked >= before + 2 }));
