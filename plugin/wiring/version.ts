import { createRequire } from 'node:module';

/** The package's version, as its manifest says. */
export const { version }: { readonly version: string } = createRequire(import.meta.url)('../../package.json');
