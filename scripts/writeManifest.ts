import { writeFileSync } from 'node:fs';
import { wantedManifest, wantedReadme } from '../test/support/manifest.ts';

// `npm run manifest`: after a change of the settings table; the formatter then lays the file out.
writeFileSync('plugin.json', `${JSON.stringify(wantedManifest(), null, 2)}\n`);
writeFileSync('README.md', wantedReadme());
