/** This package's version, as its package.json states it. */

import { readFileSync } from 'node:fs';

// From dist/node/, where this file runs.
const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

export const version = manifest.version;
