/**
 * Shows that the laws can fail: copies the sources aside, demands green, plants one breach of each law and
 * demands that exactly the planted files turn red. A checker that sees no files would pass every other test.
 */

import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { checkTree, listSources } from './import-law.ts';

interface Plant {
  file: string;
  source: string;
}
/** The files that a checker finds at fault in the tree at `root`. */
type Checker = (root: string) => string[];

const planted = (folder: string, name: string): string => `${folder}/canary-${name}.ts`;
const importing = (folder: string, target: string, name = target.replace(/\W+/g, '-')): Plant => ({
  file: planted(folder, name),
  source: `import '${target}';`,
});
const saying = (folder: string, name: string, source: string): Plant => ({
  file: planted(folder, name),
  source,
});

const loading = (folder: string, target: string): Plant =>
  saying(folder, 'lazy', `export const load = () => import('${target}');`);

/** Written out again, not taken from the table under test. */
const ROOMS = 'codec crypto merkle vertex contracts dag checkpoint pbft wire'.split(' ');

const IMPORTS: Plant[] = [
  ...ROOMS.slice(1).map((room, index) => importing(`consensus/${ROOMS[index]}`, `../${room}/x.ts`)),
  importing('consensus/codec', '../wire/x.ts'),
  importing('consensus/codec', '../../node/ports.ts'),
  importing('consensus/codec', '../../light-client/proof/x.ts'),
  importing('consensus/pbft', 'node:fs'),
  importing('consensus/pbft', 'msgpackr'),
  importing('consensus/dag', '../dag/test/x.ts'),
  importing('consensus/attic', '../codec/x.ts'),
  importing('consensus/dag/test', '../../../node/replica/x.ts'),
  saying('consensus/pbft', 'reference', '/// <reference types="node" />'),
  saying('consensus/pbft', 'computed', 'export const load = (name: string) => import(name);'),
  saying('consensus/dag', 'export', "export { x } from '../pbft/x.ts';"),
  saying('consensus/dag', 'type', "import type {\n  X,\n} from '../pbft/x.ts';"),
  saying('consensus/dag', 'ending', "import '../codec/x.js';"),
  importing('node/story', '../demo/x.ts'),
  importing('node/replica', '../libp2p/x.ts'),
  importing('node/replica', '../../light-client/verify/x.ts'),
  importing('node/replica', 'zod'),
  { file: 'node/ports.ts', source: "import '../light-client/proof/x.ts';" },
  importing('node/advice', '../replica/x.ts'),
  importing('node/advice', 'zod'),
  importing('consensus/contracts', '../../node/advice/x.ts'),
  importing('node/replica', '../advice/x.ts'),
  importing('node/level', '../advice/x.ts'),
  { file: 'node/runner.ts', source: "import './advice/x.ts';" },
  importing('light-client/proof', '../verify/x.ts'),
  importing('light-client/proof', '../../node/ports.ts'),
  importing('light-client/verify', '../gateway/x.ts'),
  importing('light-client/verify', '@noble/hashes/sha2.js'),
  importing('light-client/gateway', '../../node/http/x.ts'),
  importing('light-client/gateway', '../../node/level/x.ts'),
  importing('light-client/gateway', '../../node/replica/x.ts'),
  importing('node/libp2p', '../level/x.ts'),
  importing('node/level', '../http/x.ts'),
  importing('node/http', '../libp2p/x.ts'),
  importing('node/http', '../../sim/x.ts'),
  importing('light-client/gateway', '../../bench/x.ts'),
  importing('node/http/test', '../../../sim/x.ts'),
  loading('node/http', '../../bench/x.ts'),
  { file: 'node/main.ts', source: "import '../sim/x.ts';" },
  importing('sim', '../bench/x.ts'),
  importing('bench', '../sim/x.ts'),
  importing('bench', '../sim/report/page.ts'),
  importing('sim', '../tooling/x.ts'),
  importing('tooling', '../node/x.ts'),
];

const LINTS: Plant[] = [
  saying('consensus/codec', 'ring-a', "import { b } from './canary-ring-b.ts';\nexport const a = () => b;"),
  saying('consensus/codec', 'ring-b', "import { a } from './canary-ring-a.ts';\nexport const b = () => a;"),
  saying('node/libp2p', 'knot-a', "import type { B } from './canary-knot-b.ts';\nexport type A = B[];"),
  saying('node/libp2p', 'knot-b', "import type { A } from './canary-knot-a.ts';\nexport type B = A[];"),
  saying('consensus/codec', 'console', 'console.log(1);\nexport {};'),
  saying('sim', 'any', 'export const x: any = 1;'),
];

const PURE = ['consensus/codec', 'light-client/proof', 'light-client/verify', 'node/replica', 'node/advice'];
const GLOBALS: Plant[] = PURE.flatMap((folder) => [
  saying(folder, 'buffer', 'export const x = Buffer.alloc(1);'),
  saying(folder, 'process', 'export const x = process.pid;'),
  saying(folder, 'node', "import fs from 'node:fs';\nexport const x = fs;"),
  saying(folder, 'console', 'console.log(1);\nexport {};'),
  saying(folder, 'timer', 'setTimeout(() => {}, 1);\nexport {};'),
  saying(folder, 'fetch', "export const x = fetch('/');"),
]);

/** What a tool prints; tools end with an error code when they find something. */
function readOutput(root: string, tool: string, args: readonly string[]): string {
  try {
    return execFileSync(join(root, 'node_modules/.bin', tool), args, {
      cwd: root,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

const filesIn = (output: string, pattern: RegExp): string[] =>
  Array.from(output.matchAll(pattern), (m) => m[1]!);

const checkImports: Checker = (root) => checkTree(root).map(({ file }) => file);
const checkLints: Checker = (root) => {
  const args = ['lint', '--reporter=github', '--max-diagnostics=none', '--diagnostic-level=error'];
  return filesIn(readOutput(root, 'biome', args), /^::error .*?file=([^,]+)/gm).map((file) =>
    relative(root, file),
  );
};
const checkGlobals: Checker = (root) =>
  filesIn(readOutput(root, 'tsc', ['-b', 'node/replica', '--pretty', 'false']), /^(\S+)\(\d+,\d+\): error/gm);

function copyTree(from: string, to: string): void {
  const settings = ['package.json', 'biome.json', 'tsconfig.base.json'];
  const rooms = ['consensus', 'light-client/verify', 'node/replica'].map((room) => `${room}/tsconfig.json`);
  for (const file of [...settings, ...rooms, ...listSources(from)]) {
    if (existsSync(join(from, file))) cpSync(join(from, file), join(to, file));
  }
  symlinkSync(join(from, 'node_modules'), join(to, 'node_modules'));
}

/** Number of planted files that `check` turns red in a fresh copy; 0 when it is red on anything else. */
function countCaught(name: string, check: Checker, plants: readonly Plant[]): number {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'tallystick-canary-')));
  try {
    copyTree(resolve('.'), root);
    const before = check(root);
    for (const file of before) console.log(`${name}: ${file} is red before anything was planted`);
    for (const { file, source } of plants) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      appendFileSync(join(root, file), `${source}\n`);
    }
    const red = new Set(check(root));
    const missed = plants.filter(({ file }) => !red.has(file));
    for (const { file, source } of missed) console.log(`${name}: missed ${file}: ${source}`);
    const stray = [...red].filter((file) => !plants.some((plant) => plant.file === file));
    for (const file of stray) console.log(`${name}: ${file} is red, but nothing was planted there`);
    return before.length + stray.length > 0 ? 0 : plants.length - missed.length;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const caught =
  countCaught('imports', checkImports, IMPORTS) +
  countCaught('lints', checkLints, LINTS) +
  countCaught('globals', checkGlobals, GLOBALS);
const all = IMPORTS.length + LINTS.length + GLOBALS.length;
console.log(`${caught} caught of ${all} planted`);
process.exitCode = caught === all ? 0 : 1;
