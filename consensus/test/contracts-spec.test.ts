/** docs/spec/contracts.md says what the code declares: transitions with row and codes, objects with their fields. */

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codes } from '../codec/codes.ts';
import { transitions } from '../contracts/index.ts';
import { objectTypes } from '../contracts/views.ts';

const spec = suite('contracts spec');

// Tests run compiled, in dist/consensus/test/.
const page = readFileSync(new URL('../../../docs/spec/contracts.md', import.meta.url), 'utf8');

/** Cells of the rows whose first cell is code, below a heading. */
function rowsBelow(heading: string): string[][] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  assert.ok(section !== undefined, heading);
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

spec('every transition stands in the table with its row and codes, in the order of the code', () => {
  const written = rowsBelow('Transitions').map(([name, row, , given]) => [name, row, given]);
  const declared = [...transitions.values()].map(({ name, row, codes: given }) => [
    `\`${name}\``,
    String(row),
    given.join(' '),
  ]);
  assert.equal(written, declared);
});

spec('every object stands in the table with its fields by class', () => {
  const written = rowsBelow('Objects').map(([name, , v0, v1, v2]) => [
    name,
    v0!.replace('*version*', 'call height'),
    v1,
    v2,
  ]);
  const declared = [...objectTypes.values()].map(({ name, classes }) => [
    `\`${name}\``,
    ...classes.map(({ fieldNames }) => fieldNames.join(' ')),
  ]);
  assert.equal(written, declared);
});

spec('codes are declared once each, and known', () => {
  for (const { name, codes: given } of transitions.values()) {
    assert.is(new Set(given).size, given.length, name);
    for (const code of given) assert.ok(code in codes, code);
  }
});

spec.run();
