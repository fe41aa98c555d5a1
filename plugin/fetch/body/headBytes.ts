/** The first bytes of a body: enough to know nearly every format by, and to find out a page or an error message. */
export const HEAD_BYTES = 64 * 1024;
