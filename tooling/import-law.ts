/**
 * Who may import whom. The table below is the law; `npm run check` applies it to every source file.
 * Import cycles are Biome's part (`noImportCycles`); Node and browser globals are the compiler's (`types: []`).
 *
 * A path stands for a folder with all below it, or for one file when it ends in `.ts`. Every file obeys every
 * row whose `of` covers it. Test folders stand apart: see `TESTS`.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Import, scanImports } from './import-scan.ts';

export interface Law {
  of: readonly string[];
  except?: readonly string[];
  /** Project paths these files may import, besides their own folder. Absent: all but `never`. */
  only?: readonly string[];
  never?: readonly string[];
  /** Packages these files may import, `node:` included; `@noble/` allows the whole scope. Absent: any. */
  packages?: readonly string[];
  /** Files that may load what is forbidden with `await import()`, when it is asked for. */
  lazily?: readonly string[];
}

export const ROOMS = [
  'codec',
  'crypto',
  'merkle',
  'vertex',
  'contracts',
  'dag',
  'checkpoint',
  'pbft',
  'wire',
].map((room) => `consensus/${room}`);
const NODE_FOR_GATEWAY = [
  'node/libp2p',
  'node/keys',
  'node/config',
  'node/crypto',
  'node/ports.ts',
  'node/polyfill.ts',
];
const ADAPTERS = ['node/libp2p', 'node/level', 'node/http'];
/** How `sim/` sums up and draws: bare of any simulation, and good for every measurement. */
const SHOWN_BY_SIM = [
  'sim/report/build.ts',
  'sim/report/html.ts',
  'sim/report/scale.ts',
  'sim/report/style.ts',
  'sim/experiments/experiment.ts',
  'sim/experiments/statistics.ts',
];
const PURE = ['light-client/verify', 'light-client/proof'];

export const LAWS: readonly Law[] = [
  { of: ['consensus'], only: [], packages: ['@noble/'] },
  ...ROOMS.map((room, index) => ({ of: [room], only: ROOMS.slice(0, index) })),
  { of: ['node/replica'], only: ['consensus', 'node/ports.ts', 'light-client/proof'], packages: [] },
  { of: ['node/ports.ts'], only: ['consensus'], packages: [] },
  // Advice is an opinion `[ADV-1]`: it computes over the ledger, and nothing that decides or keeps the ledger can read it.
  { of: ['node/advice'], only: ['consensus'], packages: [] },
  {
    of: ['consensus', 'light-client', 'node'],
    except: ['node/service', 'node/http', 'node/cli', 'node/advice'],
    never: ['node/advice'],
  },
  { of: ['light-client/proof'], only: ['consensus'], packages: [] },
  { of: ['light-client/verify'], only: ['consensus', 'light-client/proof'], packages: [] },
  { of: ['light-client'], except: PURE, only: ['consensus', ...NODE_FOR_GATEWAY] },
  ...ADAPTERS.map((adapter) => ({ of: [adapter], never: ADAPTERS.filter((other) => other !== adapter) })),
  // Told in the demo and in the simulator: it knows neither.
  {
    of: ['node/story'],
    only: ['consensus', 'light-client', 'node/config/toml.ts', 'node/service/call-args.ts'],
  },
  { of: ['consensus', 'node', 'light-client'], never: ['sim', 'bench'], lazily: ['node/main.ts'] },
  { of: ['sim'], never: ['bench'] },
  { of: ['bench'], only: ['consensus', 'node', 'light-client', ...SHOWN_BY_SIM] },
  { of: ['consensus', 'node', 'light-client', 'sim', 'bench'], never: ['tooling'] },
  { of: ['tooling'], only: [] },
];

/** What still binds a test, which may otherwise reach anything; and nothing but a test imports a test. */
export const TESTS: readonly Law[] = [
  { of: ['consensus'], only: ['tooling'] },
  { of: ['node', 'light-client'], never: ['sim', 'bench'] },
];

export interface Violation {
  file: string;
  line: number;
  message: string;
}

const covers = (path: string, file: string): boolean => file === path || file.startsWith(`${path}/`);
const within = (paths: readonly string[] | undefined, file: string): boolean =>
  paths?.some((path) => covers(path, file)) ?? false;
const isTest = (file: string): boolean => file.split('/').includes('test');

/** Why `law` forbids `file` this import, or `undefined`. */
function judgeImport(law: Law, file: string, { target, lazy, relative }: Import): string | undefined {
  const own = law.of.find((path) => covers(path, file));
  if (own === undefined || within(law.except, file)) return undefined;
  if (!relative) {
    const allowed = law.packages?.some(
      (name) => target === name || (name.endsWith('/') && target.startsWith(name)),
    );
    return (allowed ?? true)
      ? undefined
      : `${own} may import no package but [${law.packages?.join(', ')}], not ${target}`;
  }
  const path = posix.join(posix.dirname(file), target);
  if (lazy && within(law.lazily, file)) return undefined;
  if (within(law.never, path)) return `${own} must not import ${path}`;
  if (law.only === undefined || covers(own, path) || within(law.only, path)) return undefined;
  return `${own} may import only [${[own, ...law.only].join(', ')}], not ${path}`;
}

export function checkFile(file: string, source: string): Violation[] {
  const laws = isTest(file) ? TESTS : LAWS;
  if (/^consensus\/[^/]+\//.test(file) && !isTest(file) && !within(ROOMS, file))
    return [{ file, line: 1, message: 'not in a room of consensus: name the room in ROOMS' }];
  return scanImports(source).flatMap((found): Violation[] => {
    const messages = laws
      .map((law) => judgeImport(law, file, found))
      .filter((message) => message !== undefined);
    if (found.relative) {
      if (!found.target.endsWith('.ts'))
        messages.push(`"${found.target}" must be written with its .ts ending`);
      if (isTest(posix.join(posix.dirname(file), found.target)) && !isTest(file))
        messages.push('only a test may import from a test folder');
    }
    return messages.map((message) => ({ file, line: found.line, message }));
  });
}

export const SOURCE_FOLDERS = ['consensus', 'node', 'light-client', 'sim', 'bench', 'tooling'];

/** Every source file below `root`, as paths from there. */
export function listSources(root: string): string[] {
  return SOURCE_FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
      .filter((file) => file.endsWith('.ts')),
  );
}

export function checkTree(root: string): Violation[] {
  return listSources(root).flatMap((file) => checkFile(file, readFileSync(join(root, file), 'utf8')));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const violations = checkTree('.');
  for (const { file, line, message } of violations) console.log(`${file}:${line}  ${message}`);
  const files = listSources('.').length;
  console.log(`import law: ${files} files, ${violations.length} violations`);
  process.exitCode = files === 0 || violations.length > 0 ? 1 : 0;
}
