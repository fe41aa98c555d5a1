import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { ArchiverError, messageOf } from '../errors.ts';
import type { ProbeStages } from '../probe.ts';
import type { Stage, StageRef } from '../store/ArchiveStore.ts';

/** Keeps the bytes of one probe: beside their place until the attempt proved whole, then there. */
export class SaveFile {
  readonly #path: string;
  readonly #partPath: string;

  constructor(path: string) {
    this.#path = path;
    this.#partPath = `${path}.part`;
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
    await this.#guard(() => rename(this.#partPath, this.#path));
  }

  async discard(): Promise<void> {
    await this.#guard(() => rm(this.#partPath, { force: true }));
  }

  async #stage(key: string): Promise<Stage> {
    const file = await this.#guard(() => open(this.#partPath, 'w'));
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
          return { id: this.#partPath, key, bytes };
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

async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten;
}
