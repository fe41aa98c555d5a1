// `node --import recordLoads.mjs …`: writes the URL or path of each module that Node loads to the file $LOADS_FILE.
// A hook sees ES modules, the cache of `require` those of CommonJS.
import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';

const hook = `
  import { appendFileSync } from 'node:fs';
  export function load(url, context, next) {
    appendFileSync(process.env.LOADS_FILE, url + '\\n');
    return next(url, context);
  }`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
process.on('exit', () => {
  const paths = Object.keys(createRequire(import.meta.url).cache);
  appendFileSync(process.env.LOADS_FILE, paths.map((path) => `${path}\n`).join(''));
});
