import { startThread } from '../../../plugin/fetch/thread/startThread.ts';

/** An emulated storage of this process. */
export interface TestCloud {
  /** Without a slash at its end. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Starts one of the emulators beside this file on a free loopback port; what it keeps goes with it. */
export async function startServer(name: 'cloudStorageServer' | 's3Server'): Promise<TestCloud> {
  const worker = startThread(new URL(`./${name}.ts`, import.meta.url));
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (address: { readonly port: number }) => resolve(address.port));
  });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop: async () => {
      await worker.terminate();
    },
  };
}
