export const MAX_HEAD_BYTES = 64 * 1024;
