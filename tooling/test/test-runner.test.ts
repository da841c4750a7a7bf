import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const RUNNER = fileURLToPath(new URL('../test-runner.js', import.meta.url));
const UVU = "import { suite } from 'uvu';\nimport * as assert from 'uvu/assert';\nconst s = suite('s');\n";
const GOOD = `${UVU}s('one', () => {});\ns('two', () => {});\ns.run();\n`;

/** Pieced together, or the runner would take it for a suite of this very file. */
const declare = (name: string): string => `const ${name} = suite('${name}');\n`;

interface Run {
  code: number | null;
  output: string;
  lastLine: string;
}

const runner = suite<{ root: string }>('test runner');

runner.before.each((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'tallystick-runner-'));
  symlinkSync(resolve('node_modules'), join(context.root, 'node_modules'));
  writeFileSync(join(context.root, 'package.json'), '{ "type": "module" }');
});

runner.after.each(({ root }) => {
  rmSync(root, { recursive: true, force: true });
});

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A test as the compiler leaves it: source and output side by side. */
function writeTest(root: string, name: string, text: string): void {
  write(root, `room/test/${name}.test.ts`, '');
  write(root, `dist/room/test/${name}.test.js`, text);
}

function runTests(root: string, ...args: string[]): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, [RUNNER, '--root', root, ...args], {
    encoding: 'utf8',
  });
  return { code: status, output: stdout + stderr, lastLine: stdout.trimEnd().split('\n').at(-1) ?? '' };
}

runner('counts what passes, one line a file', ({ root }) => {
  writeTest(root, 'a', GOOD);
  writeTest(root, 'b', GOOD);
  const { code, output, lastLine } = runTests(root);
  assert.is(lastLine, '4 passed, 0 failed');
  assert.is(code, 0);
  assert.match(output, /^ok {3}room\/test\/a\.test\.ts {2}2 passed, 0 failed {2}\d+\.\d s$/m);
});

runner('counts what fails and shows the output', ({ root }) => {
  writeTest(root, 'a', GOOD);
  writeTest(root, 'b', `${UVU}s('one', () => {});\ns('two', () => assert.is(1, 2));\ns.run();\n`);
  const { code, output, lastLine } = runTests(root);
  assert.is(lastLine, '3 passed, 1 failed');
  assert.is(code, 1);
  assert.match(output, 'Expected values to be strictly equal');
});

runner('names what was skipped', ({ root }) => {
  writeTest(root, 'a', `${UVU}s('one', () => {});\ns.skip('two', () => {});\ns.run();\n`);
  const { code, lastLine } = runTests(root);
  assert.is(lastLine, '1 passed, 0 failed, 1 skipped');
  assert.is(code, 0);
});

runner('fails when nothing matches', ({ root }) => {
  const none = runTests(root);
  assert.is(none.lastLine, '0 passed, 1 failed');
  assert.is(none.code, 1);
  writeTest(root, 'a', GOOD);
  const filtered = runTests(root, 'elsewhere');
  assert.is(filtered.code, 1);
  assert.match(filtered.output, 'no test files matching elsewhere');
});

runner('runs only files that contain a filter', ({ root }) => {
  writeTest(root, 'a', GOOD);
  writeTest(root, 'b', `${UVU}s('one', () => assert.unreachable());\ns.run();\n`);
  assert.is(runTests(root, 'test/a').lastLine, '2 passed, 0 failed');
});

runner('fails a file without .run()', ({ root }) => {
  writeTest(root, 'a', `${UVU}s('one', () => {});\n`);
  const { code, output, lastLine } = runTests(root);
  assert.is(lastLine, '0 passed, 1 failed');
  assert.is(code, 1);
  assert.match(output, 'ran no test');
});

runner('fails a second suite without .run()', ({ root }) => {
  writeTest(root, 'a', `${GOOD}${declare('late')}late('three', () => {});\n`);
  const { code, output, lastLine } = runTests(root);
  assert.is(lastLine, '2 passed, 1 failed');
  assert.is(code, 1);
  assert.match(output, 'suite "late" never runs');
});

runner('fails when a before hook throws, where uvu exits 0', ({ root }) => {
  writeTest(root, 'a', `${UVU}s.before(() => { throw new Error('no') });\ns('one', () => {});\ns.run();\n`);
  const { code, lastLine } = runTests(root);
  assert.is(lastLine, '0 passed, 1 failed');
  assert.is(code, 1);
});

runner('fails on an exit code after tests that passed', ({ root }) => {
  writeTest(root, 'a', `${GOOD}process.on('exit', () => { process.exitCode = 3 });\n`);
  const { code, output, lastLine } = runTests(root);
  assert.is(lastLine, '2 passed, 1 failed');
  assert.is(code, 1);
  assert.match(output, 'ended with 3');
});

runner('fails when a promise rejection is left unhandled', ({ root }) => {
  writeTest(root, 'a', `${GOOD}setTimeout(() => { Promise.reject(new Error('lost')) }, 20);\n`);
  assert.is(runTests(root).lastLine, '2 passed, 1 failed');
  const swallowed = "process.on('unhandledRejection', (e) => console.log('Unhandled rejection', e));\n";
  writeTest(root, 'a', `${swallowed}${GOOD}setTimeout(() => { Promise.reject(new Error('lost')) }, 20);\n`);
  const { code, lastLine } = runTests(root);
  assert.is(lastLine, '2 passed, 1 failed');
  assert.is(code, 1);
});

runner('fails a test that never ends, and kills what it started', async ({ root }) => {
  const beats = join(root, 'beats');
  const beating = `setInterval(() => fs.appendFileSync(${JSON.stringify(beats)}, '.'), 20)`;
  const start = `import { spawn } from 'node:child_process';
spawn(process.execPath, ['-e', ${JSON.stringify(beating)}]);\n`;
  writeTest(root, 'a', `${start}${UVU}s('one', () => new Promise(() => {}));\ns.run();\n`);
  writeTest(root, 'b', GOOD);
  const { code, output, lastLine } = runTests(root, '--timeout-s', '2');
  assert.is(lastLine, '2 passed, 1 failed');
  assert.is(code, 1);
  assert.match(output, 'hung: killed after 2');
  const heard = readFileSync(beats).length;
  await setTimeout(200);
  assert.is(readFileSync(beats).length, heard);
});

runner('fails a file that passes but never exits', ({ root }) => {
  writeTest(root, 'a', `${GOOD}setInterval(() => {}, 1000);\n`);
  const { code, output, lastLine } = runTests(root, '--linger-s', '1');
  assert.is(lastLine, '2 passed, 1 failed');
  assert.is(code, 1);
  assert.match(output, 'never ended');
});

runner('leaves out a compiled test whose source is gone', ({ root }) => {
  writeTest(root, 'a', GOOD);
  writeTest(root, 'gone', `${UVU}s('one', () => assert.unreachable());\ns.run();\n`);
  rmSync(join(root, 'room/test/gone.test.ts'));
  assert.ok(existsSync(join(root, 'dist/room/test/gone.test.js')));
  assert.is(runTests(root).lastLine, '2 passed, 0 failed');
});

runner('refuses options it cannot read', ({ root }) => {
  const { code, output } = runTests(root, '--jobs', 'many');
  assert.is(code, 2);
  assert.match(output, '--jobs expected a whole number above 0, got "many"');
});

runner.run();
