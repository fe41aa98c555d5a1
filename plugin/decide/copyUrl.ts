/** The absolute URL of a copy: `base`, with or without a slash at its end, then the key with each segment encoded. */
export function copyUrl(base: string, key: string): string {
  return `${base.replace(/\/+$/, '')}/${key.split('/').map(encodeURIComponent).join('/')}`;
}
