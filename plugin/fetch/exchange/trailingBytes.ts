/** Only line ends may follow a body of declared length: anything else shows that the length was wrong. */
export function isMoreThanLineEnds(rest: Buffer): boolean {
  return /[^\r\n]/.test(rest.toString('latin1', 0, 64));
}

/**
 * Whether more came behind the last byte of a body of declared length. undici's chunks are windows onto what was read from
 * the socket, so the rest of the last read is still there to be seen (unless it was copied into Node's shared pool).
 */
export function hasTrailingBytes(last: Buffer): boolean {
  const end = last.byteOffset + last.byteLength;
  const left = last.buffer.byteLength - end;
  if (left === 0 || last.buffer.byteLength === Buffer.poolSize) return false;
  return isMoreThanLineEnds(Buffer.from(last.buffer, end, left));
}
