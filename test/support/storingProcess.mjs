// `node --import ./loader/register.mjs storingProcess.mjs FOLDER MODE`: stores copies in a folder, many at the same time, until it is killed. Prints the
// key of each copy once it is committed. MODE: a mode of flushing, or `none`.
import { FolderStore } from '../../plugin/store/folderStore.ts';

const AT_A_TIME = 24;
const [folder, mode] = process.argv.slice(2);
const store = new FolderStore({ folder, ...(mode === 'none' ? { durable: false } : { flush: mode }) });
await store.open();
let last = 0;

async function storeOn() {
  for (;;) {
    const key = `archive/20260102T030405Z/r${last++}/file.csv`;
    const stage = await store.stageWhole(key, Buffer.from(`${key}\n`.repeat(100)), { mediaType: 'text/csv' });
    await store.commit(stage);
    process.stdout.write(`${key}\n`);
  }
}
await Promise.all(Array.from({ length: AT_A_TIME }, storeOn));
