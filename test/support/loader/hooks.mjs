import { fileURLToPath } from 'node:url';
import { stripped } from './stripped.mjs';

/** Node's `load` hook: a TypeScript file of ours as the JavaScript that it is without its types. */
export function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  return { format: 'module', source: stripped(fileURLToPath(url)), shortCircuit: true };
}
