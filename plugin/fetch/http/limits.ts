/** Status line and header fields of one response; also the bound that undici is given. */
export const MAX_HEAD_BYTES = 64 * 1024;
