import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkFile } from '../import-law.ts';
import { scanImports } from '../import-scan.ts';

const scan = suite('import scan');

const targets = (source: string): string[] => scanImports(source).map(({ target }) => target);

scan('finds every form of import', () => {
  const source = [
    "import a from './a.ts';",
    "import type { B } from './b.ts';",
    'import {',
    '  c,',
    "} from './c.ts';",
    "import './d.ts';",
    "export * from './e.ts';",
    "export { f } from './f.ts';",
  ];
  assert.equal(targets(source.join('\n')), ['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts']);
});

scan('marks what is loaded lazily, and counts lines', () => {
  const [found] = scanImports("\n\nconst load = async () => import('./a.ts');\n");
  assert.equal(found, { target: './a.ts', relative: true, lazy: true, line: 3 });
  assert.equal(targets('import(name)'), ['(computed)']);
});

scan('is not misled by comments, nor by strings that look like one', () => {
  assert.equal(targets("// import './a.ts';\n/** {@link import('./b.ts')} */\n/*\nimport './c.ts';\n*/"), []);
  assert.equal(targets("const glob = 'dist/**/*.js';\nimport './a.ts';\nconst end = 'x*/';"), ['./a.ts']);
  assert.equal(targets("const url = 'http://x';import('./a.ts')"), ['./a.ts']);
});

scan('ignores exports that import nothing', () => {
  assert.equal(targets("export const from = 'x';\nexport function f() {}\nconst y = 'z';"), []);
});

scan.run();

const law = suite('import law');

const judge = (file: string, target: string): number => checkFile(file, `import '${target}';`).length;

law('lets a room import those to its left, and itself', () => {
  assert.is(judge('consensus/dag/order.ts', '../codec/bytes.ts'), 0);
  assert.is(judge('consensus/dag/order.ts', './past-cone.ts'), 0);
  assert.is(judge('consensus/dag/order.ts', '../pbft/vote.ts'), 1);
  assert.is(judge('consensus/dag/order.ts', '@noble/hashes/sha2.js'), 0);
  assert.is(judge('consensus/dag/order.ts', '@nobler/hashes'), 1);
});

law('lets only main load the simulator and the bench, and only lazily', () => {
  assert.is(checkFile('node/main.ts', "await import('../sim/run.ts');").length, 0);
  assert.is(judge('node/main.ts', '../sim/run.ts'), 1);
  assert.is(checkFile('node/http/server.ts', "await import('../../sim/run.ts');").length, 1);
});

law('leaves a test free to reach what its room may not', () => {
  assert.is(judge('node/replica/test/step.test.ts', 'node:fs'), 0);
  assert.is(judge('consensus/codec/test/codec.test.ts', '../../wire/frame.ts'), 0);
  assert.is(judge('consensus/codec/test/codec.test.ts', '../../../node/ports.ts'), 1);
  assert.is(judge('consensus/codec/test/codec.test.ts', '../../../tooling/shared-data.ts'), 0);
});

law('knows no room that is not in the table', () => {
  assert.is(judge('consensus/odds-and-ends/x.ts', '../codec/bytes.ts'), 1);
});

law.run();
