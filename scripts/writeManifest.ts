import { writeFileSync } from 'node:fs';
import { wantedManifest, wantedPages } from '../test/support/manifest.ts';

// `npm run manifest`: after a change of the settings or the routes; the formatter then lays the file out.
writeFileSync('plugin.json', `${JSON.stringify(wantedManifest(), null, 2)}\n`);
for (const [path, page] of Object.entries(wantedPages())) writeFileSync(path, page);
