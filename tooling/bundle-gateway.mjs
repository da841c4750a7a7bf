/**
 * Puts the gateway and the libraries that it uses into one file, `dist/light-client/gateway/gateway.bundle.js`, without
 * comments and what nobody calls: loaded, it takes two thirds of the memory of its parts (docs/measurements/throughput.md).
 * It runs after `tsc`, over what that has made; `tally gateway` loads it.
 */

import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const folder = join(resolve(import.meta.dirname, '..'), 'dist/light-client/gateway');

await build({
  entryPoints: [join(folder, 'gateway.js')],
  outfile: join(folder, 'gateway.bundle.js'),
  bundle: true,
  // Names stay: an operator who reports an error shows where it was.
  minifyWhitespace: true,
  minifySyntax: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // The store's native part finds its binaries from where it is; apart.js is a thread's own file, beside the bundle.
  external: ['classic-level', './apart.js'],
  // Libraries in CommonJS ask for Node's modules by `require`.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module';const require = makeRequire(import.meta.url);",
  },
  lineLimit: 120,
  legalComments: 'linked',
  logLevel: 'warning',
});
