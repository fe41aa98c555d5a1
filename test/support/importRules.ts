import { createRequire } from 'node:module';
import { cruise, type ICruiseOptions } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

/** What the import rules say of some folders. A cruise that saw no module proves nothing, so that is an error as well. */
export async function brokenImportRules(
  folders: readonly string[],
  baseDir = process.cwd(),
): Promise<{ modules: number; errors: string[] }> {
  const { forbidden, options } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs');
  const asked: ICruiseOptions = { ...options, baseDir, ruleSet: { forbidden }, validate: true };
  const { output } = await cruise([...folders], asked, undefined, { tsConfig: extractTSConfig('tsconfig.json') });
  if (typeof output === 'string') throw new Error(output);
  const { totalCruised, violations } = output.summary;
  const errors = violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
  if (totalCruised === 0) errors.push(`no module was found in ${folders.join(', ')}`);
  return { modules: totalCruised, errors };
}
