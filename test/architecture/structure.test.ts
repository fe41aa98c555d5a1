import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quantile, type Structure, structureOf, structuresIn } from '../support/structure.ts';

const MAX_FUNCTION_LINES = 60;
const MAX_FILE_LINES = 250;

const structures = structuresIn('plugin');

const longFunctionsOf = (files: readonly Structure[]) =>
  files.flatMap(({ path, functions }) =>
    functions
      .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
      .map(({ name, line, lines }) => `${path}:${line} ${name} has ${lines} lines`),
  );

const undocumentedOf = (files: readonly Structure[]) =>
  files.flatMap(({ path, exports }) =>
    exports.filter(({ documented }) => !documented).map(({ name, line }) => `${path}:${line} ${name}`),
  );

describe('the structure of the plugin', () => {
  it('has functions of at most 7 lines in the median and 18 at the ninetieth percentile', () => {
    const lengths = structures.flatMap(({ functions }) => functions.map(({ lines }) => lines));
    assert.ok(lengths.length > 1000, `only ${lengths.length} functions were found`);
    const [median, p90] = [quantile(lengths, 0.5), quantile(lengths, 0.9)];
    assert.ok(median <= 7 && p90 <= 18, `median ${median}, ninetieth percentile ${p90}`);
  });

  it('has no function of more than 60 lines', () => {
    assert.deepEqual(longFunctionsOf(structures), []);
  });

  it('has no file of more than 250 lines', () => {
    const long = structures.filter(({ lines }) => lines > MAX_FILE_LINES).map(({ path, lines }) => `${path}: ${lines}`);
    assert.deepEqual(long, []);
  });

  it('has a docstring at every export', () => {
    assert.deepEqual(undocumentedOf(structures), []);
  });
});

describe('the measure of the structure', () => {
  const source = [
    '/** Documented. */',
    'export function long(): number {',
    ...Array.from({ length: 60 }, (_, index) => `  const value${index} = () => ${index};`),
    '  return 1;',
    '}',
    'export const short = (one: number): number =>',
    '  one;',
    'export class Thing {',
    '  constructor(readonly name: string) {}',
    '  get size() { return 1; }',
    '}',
    "export type { Other } from './other.ts';",
    'export default short;',
    '',
  ].join('\n');
  const structure = structureOf('plugin/long.ts', source);

  it('counts functions, methods and accessors, and no arrow of one or two lines', () => {
    const counted = structure.functions.map(({ name, lines }) => [name, lines]);
    assert.deepEqual(counted, [
      ['long', 63],
      ['constructor', 1],
      ['size', 1],
    ]);
  });

  it('finds functions that are too long, and what is exported without a docstring', () => {
    assert.deepEqual(longFunctionsOf([structure]), ['plugin/long.ts:2 long has 63 lines']);
    assert.deepEqual(undocumentedOf([structure]), [
      'plugin/long.ts:65 short',
      'plugin/long.ts:67 Thing',
      'plugin/long.ts:72 default',
    ]);
  });

  it('counts the lines of a file as an editor does', () => {
    assert.equal(structure.lines, 72);
    assert.equal(structureOf('a.ts', 'one;\ntwo;').lines, 2);
  });

  it('takes a quantile of the sorted numbers', () => {
    assert.deepEqual([quantile([3, 1, 2], 0.5), quantile([1, 2, 3, 4], 0.9), quantile([], 0.5)], [2, 4, 0]);
  });
});
