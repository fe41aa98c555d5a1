import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { HOOK_NAMES } from '../../plugin/model/hook.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { readJson, wantedManifest } from '../support/manifest.ts';

const manifest = readJson('plugin.json');
const schema = readJson('plugin.schema.json');

describe('the manifest', () => {
  test('is what its strict JSON Schema asks for', () => {
    const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
    assert.ok(validate(manifest), JSON.stringify(validate.errors));
    assert.equal(validate({ ...manifest, extra: 1 }), false);
    assert.equal(validate({ ...manifest, hooks: ['beforeResourceUpdate'] }), false);
  });

  test('holds the tables of settings and routes, and what package.json says (npm run manifest)', () => {
    assert.deepEqual(manifest, wantedManifest());
  });

  test('has a settings schema that accepts the defaults and refuses what is unknown', () => {
    const settings: { properties: Record<string, { default: unknown }> } = Object(manifest.settings);
    const validate = new Ajv2020({ allErrors: true, strict: false }).compile(settings);
    const written = Object.entries(settings.properties).map(([name, { default: value }]) => [name, value]);
    const defaults: Record<string, unknown> = Object.fromEntries(written.filter(([, value]) => value !== null));
    assert.ok(validate(defaults), JSON.stringify(validate.errors));
    assert.deepEqual(loadConfig({ environment: {}, settings: defaults }), loadConfig({ environment: {} }));
    assert.equal(validate({ maxBites: 1 }), false);
    assert.equal(validate({ maxBytes: 'x' }), false);
  });

  test('names every hook of the vocabulary', () => {
    assert.deepEqual(manifest.hooks, [...HOOK_NAMES]);
  });
});
