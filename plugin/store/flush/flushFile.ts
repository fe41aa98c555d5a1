import { fsync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';

const flush = promisify(fsync);

/** Puts a file, or a folder's entries, on the disk. By its number: the handles of Yarn's Plug'n'Play have no `sync`. */
export const flushFile = ({ fd }: Pick<FileHandle, 'fd'>): Promise<void> => flush(fd);
