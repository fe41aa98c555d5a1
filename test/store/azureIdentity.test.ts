import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { secureAzurite } from '../support/azurite.ts';
import { AUTHORITY_FILE } from '../support/certificates.ts';
import { LOADER } from '../support/loader/loader.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../support/azureByToken.ts', import.meta.url));

const settingsError = (environment: Record<string, string>) => {
  try {
    loadConfig({ environment });
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
};

describe('an Azure account that is entered with an identity', () => {
  let azurite: Awaited<ReturnType<typeof secureAzurite>>;
  before(async () => {
    azurite = await secureAzurite();
  });
  after(() => azurite.stop());

  // The certificate's authority is read when a process starts.
  it('is asked with a token of the identity, and with a new one when that has run out', async () => {
    const { stdout } = await run(process.execPath, [...LOADER, SCRIPT, azurite.accountUrl], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: AUTHORITY_FILE },
    });
    assert.deepEqual(JSON.parse(stdout), {
      refused: 'store-failed',
      committed: 'committed',
      body: 'id\n1\n',
      scopes: ['https://storage.azure.com/.default'],
      renewed: true,
    });
  });

  it('needs no connection string, and excludes one', () => {
    const azure = { ARCHIVER_STORE: 'azure', ARCHIVER_AZURE_ACCOUNT_URL: 'https://portal.blob.core.windows.net' };
    assert.equal(loadConfig({ environment: azure }).azureAccountUrl, 'https://portal.blob.core.windows.net');
    const both = { ...azure, AZURE_STORAGE_CONNECTION_STRING: 'UseDevelopmentStorage=true' };
    assert.match(
      settingsError(both),
      /AZURE_STORAGE_CONNECTION_STRING \(azureConnectionString\) and ARCHIVER_AZURE_ACCOUNT_URL \(azureAccountUrl\) are set, which exclude/,
    );
    assert.match(
      settingsError({ ARCHIVER_STORE: 'azure' }),
      /needs AZURE_STORAGE_CONNECTION_STRING \(azureConnectionString\) or ARCHIVER_AZURE_ACCOUNT_URL \(azureAccountUrl\)/,
    );
    assert.match(
      settingsError({ ...azure, ARCHIVER_AZURE_ACCOUNT_URL: 'http://portal.example' }),
      /accepted: a URL such as/,
    );
  });
});
