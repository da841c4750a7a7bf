/** The generated page says what the code declares, and every declaration is complete. docs/spec/contracts/tables.md. */

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codes } from '../codec/codes.ts';
import { transitions } from '../contracts/index.ts';
import { tablesPage } from '../contracts/tables.ts';

const spec = suite('contracts spec');

spec('the page is the one that `tally contracts --markdown` prints', () => {
  // Tests run compiled, in dist/consensus/test/.
  const page = readFileSync(new URL('../../../docs/spec/contracts/tables.md', import.meta.url), 'utf8');
  assert.ok(page === tablesPage(), 'run: tally contracts --markdown > docs/spec/contracts/tables.md');
});

spec('every declaration is complete, and its codes are known', () => {
  for (const { name, row, summary, effects, preconditions, codes: given } of transitions.values()) {
    assert.ok(row >= 0 && row <= 43, name);
    assert.ok(summary.length > 10 && effects.length > 3, name);
    for (const code of given) {
      assert.ok(code in codes, `${name} ${code}`);
      assert.ok((preconditions[code] ?? '').length > 3, `${name} ${code} has no precondition`);
    }
  }
});

spec.run();
