import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';

/** A C library of this name is glibc: with another one the load throws. */
const call = koffi.load('libc.so.6').func('int syncfs(int descriptor)');

/**
 * Puts the whole file system of an open file on the disk; holds one thread of Node's pool. Rejects with the system's code,
 * also for what was lost of any file since the descriptor was opened or told of an error last.
 */
export function syncfs(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    call.async(descriptor, (error: unknown, result: number) => {
      if (error) reject(error);
      else if (result === 0) resolve();
      // The number is that of this call until the callback returns.
      else reject(systemError(koffi.errno()));
    });
  });
}

function systemError(number: number): Error {
  const code = getSystemErrorName(-number);
  return Object.assign(new Error(`${code}: the file system could not be flushed, syncfs`), { code });
}
