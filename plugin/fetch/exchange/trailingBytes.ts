/**
 * Whether more came behind the last byte of a body of declared length. undici's chunks are windows onto what was read from
 * the socket, so the rest of the last read is still there to be seen (unless it was copied into Node's shared pool).
 */
export function hasExcess(last: Buffer): boolean {
  const end = last.byteOffset + last.byteLength;
  const left = last.buffer.byteLength - end;
  if (left === 0 || last.buffer.byteLength === Buffer.poolSize) return false;
  return /[^\r\n]/.test(Buffer.from(last.buffer, end, Math.min(left, 64)).toString('latin1'));
}
