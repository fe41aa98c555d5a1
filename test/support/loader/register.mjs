// `node --import ./test/support/loader/register.mjs …`: lets Node load our TypeScript, in each thread too, where Node runs this
// again. tsx, which the commands of package.json use, takes twice as long for it, in each of the suite's hundreds of processes.
import * as module from 'node:module';
import { load } from './hooks.mjs';

// Hooks in the thread itself fail for packages of CommonJS in early releases of 22 and 24; those beside it are deprecated since 26.
const [major] = process.versions.node.split('.').map(Number);
if (major >= 26) module.registerHooks({ load });
else module.register('./hooks.mjs', import.meta.url);
