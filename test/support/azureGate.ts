import type { IncomingMessage } from 'node:http';
import { type LossyGate, openLossyGate } from './lossyGate.ts';

/** A gate before Azurite; `seen` has the method, and block or blocklist. */
export interface AzureGate extends LossyGate {
  readonly connectionString: string;
}

/** Passes requests on to Azurite; signatures hold, for they do not cover the host. */
export async function openAzureGate(connectionString: string): Promise<AzureGate> {
  const endpoint = /BlobEndpoint=([^;]+)/.exec(connectionString)?.[1] ?? '';
  const gate = await openLossyGate(endpoint, describeRequest);
  return Object.assign(gate, { connectionString: connectionString.replace(endpoint, gate.endpoint) });
}

function describeRequest({ method, url = '' }: IncomingMessage): string {
  const part = new URLSearchParams(url.split('?')[1]).get('comp');
  return part === null ? `${method}` : `${method} ${part}`;
}
