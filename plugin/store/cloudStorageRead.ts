import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { File } from '@google-cloud/storage';
import type { ByteRange, StoredBytes } from './ArchiveStore.ts';

/** What the library hands on of a response. */
interface Answer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
}

/** An object, or a part of it, once the service has begun to answer; a whole one is checked against its CRC32C on its way. */
export async function openRead(file: File, range: ByteRange | null): Promise<StoredBytes> {
  const stream = file.createReadStream(range ? { ...range, validation: false } : { validation: 'crc32c' });
  const { headers } = await begun(stream);
  const total = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
  return { bytes: Number(total ?? headers['content-length'] ?? 0), stream };
}

/** Rejects with the library's error; it follows the answer of a refusal, with the service's words. */
function begun(stream: Readable): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // Stays: what fails before the caller reads must not be an error that nobody listens to.
    stream.on('error', reject);
    stream.once('response', (answer: Answer) => {
      if (answer.statusCode < 300) resolve(answer);
    });
    // Nothing is asked before somebody reads.
    stream.read(0);
  });
}
