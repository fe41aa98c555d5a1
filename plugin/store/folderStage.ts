import type { FileHandle } from 'node:fs/promises';
import type { StageRef } from '../model/stage.ts';
import type { Stage } from './ArchiveStore.ts';
import { flushFile } from './flush/flushFile.ts';

/** What a stage stands on: its open file, and how its store wraps errors and removes it. */
export interface FolderStageDeps {
  readonly id: string;
  readonly key: string;
  readonly file: FileHandle;
  readonly durable: boolean;
  readonly guard: <Result>(doing: string, work: () => Promise<Result>) => Promise<Result>;
  readonly abandon: () => Promise<void>;
}

/** A file that grows until it is finished or abandoned. */
export class FolderStage implements Stage {
  readonly #deps: FolderStageDeps;
  #bytes = 0;
  #isOpen = true;

  constructor(deps: FolderStageDeps) {
    this.#deps = deps;
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#deps.guard('writing a stage', async () => {
      for (let written = 0; written < chunk.length; ) {
        written += (await this.#deps.file.write(chunk, written)).bytesWritten;
      }
      this.#bytes += chunk.length;
    });
  }

  finish(): Promise<StageRef> {
    const { id, key, file, durable, guard } = this.#deps;
    return guard('finishing a stage', async () => {
      // By itself, however others are flushed: what was lost while it grew is told to this file alone.
      if (durable) await flushFile(file);
      await this.#close();
      return { id, key, bytes: this.#bytes };
    });
  }

  async abandon(): Promise<void> {
    await this.#close().catch(() => undefined);
    await this.#deps.guard('abandoning a stage', this.#deps.abandon);
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#deps.file.close();
  }
}
