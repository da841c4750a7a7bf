/**
 * Compiles the signature verifier, consensus/crypto/zip215/assembly/, to WebAssembly, and writes it as a source file
 * that carries its bytes: `binary.ts` beside that folder, which is built and never committed. When sources, compiler
 * and this file are the ones that it was made of, it is left alone. It runs before `tsc`, so it is JavaScript.
 * With `--internals <file>` it writes the module of internals.ts there instead, for the test of the verifier's parts.
 */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Pages of 64 KiB that layout.ts takes up; the module itself checks that they suffice. */
const PAGES = 62;
/** What the compiled module may weigh. */
const BYTES_MAX = 60_000;

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'consensus/crypto/zip215/assembly');
const target = join(root, 'consensus/crypto/zip215/binary.ts');
const compiler = createRequire(import.meta.url)('assemblyscript/package.json').version;

const names = readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .sort();
const fingerprint = createHash('sha256').update(compiler);
for (const file of [fileURLToPath(import.meta.url), ...names.map((name) => join(folder, name))])
  fingerprint.update(`${relative(root, file)}\n`).update(readFileSync(file));
const made = `Made of ${fingerprint.digest('hex')}`;

/** A source as the compiler wants it: a function marked so is compiled into its callers. */
function readSource(name, baseDir) {
  const path = resolve(baseDir, name);
  return existsSync(path) ? readFileSync(path, 'utf8').replace(/^\/\* @inline \*\/$/gm, '@inline') : null;
}

async function compile(entry) {
  const { default: asc } = await import('assemblyscript/asc');
  let binary;
  const options = [
    '--enable',
    'simd',
    '-O3',
    '--converge',
    '--noAssert',
    '--runtime',
    'stub',
    '--use',
    'abort=',
  ];
  const memory = ['--initialMemory', `${PAGES}`, '--maximumMemory', `${PAGES}`];
  const { error, stderr } = await asc.main(
    [entry, '--baseDir', folder, '--outFile', 'verifier.wasm', ...options, ...memory],
    {
      readFile: readSource,
      writeFile: (_name, contents) => {
        binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(stderr.toString(), { cause: error });
  return binary;
}

const { internals } = parseArgs({ options: { internals: { type: 'string' } } }).values;
if (internals !== undefined) {
  writeFileSync(internals, await compile('internals.ts'));
} else if (!existsSync(target) || !readFileSync(target, 'utf8').includes(made)) {
  const binary = await compile('verifier.ts');
  if (binary.length > BYTES_MAX) throw new Error(`the verifier has ${binary.length} bytes of ${BYTES_MAX}`);
  const hex = Buffer.from(binary).toString('hex');
  const header = `/**\n * The verifier of assembly/, ${binary.length} bytes of WebAssembly, by tooling/build-wasm.mjs.\n * ${made}\n */\n`;
  writeFileSync(target, `${header}export const binaryHex: string =\n  '${hex}';\n`);
  console.log(`zip215: ${binary.length} bytes of WebAssembly`);
}
