import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../plugin/record/cluster/freePort.ts';

/** Azurite's published account: the same for everybody, no secret. */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export interface TestAzurite {
  readonly connectionString: string;
  stop(): Promise<void>;
}

/** The suite's Azurite, or one of this process on a free loopback port; its blobs are in memory and go with it. */
export async function testAzurite(): Promise<TestAzurite> {
  const shared = process.env['ARCHIVER_TEST_AZURITE'];
  if (shared) return { connectionString: shared, stop: async () => undefined };
  const { endpoint, stop } = await startAzurite('http', []);
  const account = `AccountName=${ACCOUNT};AccountKey=${KEY}`;
  return { connectionString: `DefaultEndpointsProtocol=http;${account};BlobEndpoint=${endpoint};`, stop };
}

/** One with TLS that takes the tokens of identities; its signatures are not looked at. */
export async function secureAzurite(): Promise<{ readonly accountUrl: string; stop(): Promise<void> }> {
  const file = (name: string) => fileURLToPath(new URL(`certificates/${name}`, import.meta.url));
  const flags = ['--oauth', 'basic', '--cert', file('good.pem'), '--key', file('good.key')];
  const { endpoint, stop } = await startAzurite('https', flags);
  return { accountUrl: endpoint, stop };
}

async function startAzurite(scheme: 'http' | 'https', more: readonly string[]) {
  const port = await freePort();
  const script = fileURLToPath(import.meta.resolve('azurite/dist/src/blob/main.js'));
  const flags = [
    '--blobHost',
    '127.0.0.1',
    '--blobPort',
    String(port),
    '--inMemoryPersistence',
    '--skipApiVersionCheck',
    '--disableTelemetry',
    '--silent',
    ...more,
  ];
  const server = spawn(process.execPath, [script, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`Azurite ended with ${code} before it listened.`)));
    server.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('successfully listens')) resolve();
    });
  });
  const stop = async () => {
    server.kill();
    await exited;
  };
  return { endpoint: `${scheme}://127.0.0.1:${port}/${ACCOUNT}`, stop };
}
