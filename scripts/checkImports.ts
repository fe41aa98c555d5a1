import { brokenImportRules } from '../test/support/importRules.ts';

// `npm run check:imports`: every folder, or those that the arguments name.
const named = process.argv.slice(2);
const { modules, errors } = await brokenImportRules(
  named.length > 0 ? named : ['plugin', 'examples', 'bench', 'scripts', 'test'],
);
for (const error of errors) console.error(error);
console.log(`${modules} modules, ${errors.length} errors`);
process.exitCode = errors.length === 0 ? 0 : 1;
