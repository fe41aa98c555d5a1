import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { ArchiverError, messageOf } from '../../errors.ts';
import type { StageRef } from '../../model/stage.ts';
import type { Stage } from '../../store/ArchiveStore.ts';
import type { ProbeStages } from '../../wiring/openProber.ts';

/**
 * Keeps the bytes of one probe: beside their place until the attempt proved whole, then there. What is no file of its own
 * (`/dev/stdout`, a pipe) is written as it is: a rename would replace the device.
 */
export class SaveFile {
  readonly #path: string;
  #place: Place | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  get stages(): NonNullable<ProbeStages> {
    return {
      stage: (key) => this.#stage(key),
      stageWhole: async (key, body) => {
        const stage = await this.#stage(key);
        await stage.write(body);
        return stage.finish();
      },
    };
  }

  async keep(): Promise<void> {
    const place = this.#place;
    if (place === null || place.isSpecial) return;
    await this.#guard(() => rename(place.partPath, place.path)).catch(async (error: unknown) => {
      await this.discard();
      throw error;
    });
  }

  async discard(): Promise<void> {
    const place = this.#place;
    if (place === null || place.isSpecial) return;
    await this.#guard(() => rm(place.partPath, { force: true }));
  }

  async #stage(key: string): Promise<Stage> {
    const { file, partPath } = await this.#guard(async () => {
      this.#place = await placeOf(this.#path);
      return {
        file: await open(this.#place.partPath, this.#place.isSpecial ? 'w' : 'wx'),
        partPath: this.#place.partPath,
      };
    });
    let bytes = 0;
    return {
      write: (chunk) =>
        this.#guard(async () => {
          await writeWhole(file, chunk);
          bytes += chunk.byteLength;
        }),
      finish: (): Promise<StageRef> =>
        this.#guard(async () => {
          await file.close();
          return { id: partPath, key, bytes };
        }),
      abandon: async () => {
        await file.close();
        await this.discard();
      },
    };
  }

  async #guard<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw new ArchiverError('store-failed', `${this.#path} cannot be written: ${messageOf(error)}`, { cause: error });
    }
  }
}

interface Place {
  readonly path: string;
  readonly partPath: string;
  readonly isSpecial: boolean;
}

/** A link stays one: what it leads to is replaced. The part has a name that nobody can put a link at beforehand. */
async function placeOf(path: string): Promise<Place> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) throw new Error('it is a folder');
  if (found && !found.isFile()) return { path, partPath: path, isSpecial: true };
  const whole = await realpath(path).catch(() => path);
  return { path: whole, partPath: `${whole}.${randomBytes(6).toString('hex')}.part`, isSpecial: false };
}

async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten;
}
