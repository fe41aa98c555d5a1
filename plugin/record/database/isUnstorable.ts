/** PostgreSQL knows no text with NUL in it, so nothing has such a name. */
export const isUnstorable = (text: string): boolean => text.includes('\0');
