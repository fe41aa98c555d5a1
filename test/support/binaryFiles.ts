/** The smallest bytes that are what their name says, for tests of the sniffer. */

/** An OLE2 compound file whose directory names one stream. */
export function oleFile(stream: string): Buffer {
  const file = Buffer.alloc(2048);
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(file);
  file.writeUInt16LE(9, 30);
  file.writeUInt32LE(1, 48);
  file.write('Root Entry\0', 1024, 'utf16le');
  file.write(`${stream}\0`, 1152, 'utf16le');
  return file;
}

/** The same with a directory behind `length` bytes, where programs that save once more put it. */
export function longOleFile(length: number, ...streams: readonly string[]): Buffer {
  const sectors = Math.ceil(length / 512);
  const file = Buffer.alloc((sectors + 2) * 512);
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(file);
  file.writeUInt16LE(9, 30);
  file.writeUInt32LE(sectors, 48);
  for (const [i, name] of ['Root Entry', ...streams].entries()) {
    file.write(`${name}\0`, (sectors + 1) * 512 + i * 128, 'utf16le');
  }
  return file;
}

/** A little-endian TIFF whose first directory has these tags. */
export function tiffFile(tags: readonly number[]): Buffer {
  const file = Buffer.alloc(10 + tags.length * 12);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(tags.length, 8);
  for (const [i, tag] of tags.entries()) file.writeUInt16LE(tag, 10 + i * 12);
  return file;
}

/** The head of a shapefile's main file. */
export function shpFile(): Buffer {
  const file = Buffer.alloc(100);
  file.writeUInt32BE(9994, 0);
  file.writeUInt32LE(1000, 28);
  return file;
}

/** A dBase III table of one field and no record. */
export function dbfFile(): Buffer {
  const file = Buffer.alloc(66);
  file.set([3, 126, 11, 23]);
  file.writeUInt16LE(65, 8);
  file.writeUInt16LE(11, 10);
  file.write('NAME', 32);
  file[64] = 0x0d;
  return file;
}

/** `text` at `offset`, zero bytes before it and to fill `length`. */
export function bytesAt(offset: number, text: string, length = offset + text.length + 16): Buffer {
  const file = Buffer.alloc(length);
  file.write(text, offset, 'latin1');
  return file;
}
