import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { releaseProblem } from '../support/release.ts';

const CHANGELOG = '# Changelog\n\n## 1.1.0 (2026-12-01)\n\n- New.\n\n## 1.0.0 (2026-11-01)\n';

describe('publishing', () => {
  it('is refused while changes stand under "Unreleased"', () => {
    const unreleased = CHANGELOG.replace('1.1.0 (2026-12-01)', 'Unreleased');
    assert.match(releaseProblem(unreleased, '1.1.0') ?? '', /"Unreleased": name it "1\.1\.0 \(YYYY-MM-DD\)"/);
    assert.ok(releaseProblem(CHANGELOG.replace('(2026-12-01)', '(unreleased)'), '1.1.0'));
  });

  it('is refused when the latest heading names another version, or none', () => {
    assert.match(
      releaseProblem(CHANGELOG, '1.2.0') ?? '',
      /ends with 1\.1\.0 \(2026-12-01\), package\.json says 1\.2\.0/,
    );
    assert.match(releaseProblem('# Changelog\n', '1.2.0') ?? '', /ends with none/);
  });

  it('is allowed when the latest heading is the version with its date', () => {
    assert.equal(releaseProblem(CHANGELOG, '1.1.0'), null);
  });

  it('runs this check first, then all others and all tests', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    assert.equal(scripts.prepublishOnly, 'node --import tsx scripts/checkRelease.ts && npm run check && npm test');
  });
});
