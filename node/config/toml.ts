/** Reading a TOML file against a schema: errors name the file, the field and what was expected. */

import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export async function readToml<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const result = schema.safeParse(await parseToml(file));
  if (result.success) return result.data;
  throw new ConfigError(tellIssues(file, result.error.issues));
}

/** What a file holds, unchecked. */
export async function parseToml(file: string): Promise<{ readonly [name: string]: unknown }> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new ConfigError(`${file}: cannot read the configuration: ${(cause as Error).message}`, { cause });
  });
  try {
    return parse(text);
  } catch (cause) {
    throw new ConfigError(`${file}: not TOML: ${(cause as Error).message}`, { cause });
  }
}

export function tellIssues(file: string, issues: readonly z.core.$ZodIssue[]): string {
  const reasons = issues.map((issue) => `  ${issue.path.join('.') || '(top level)'}: ${issue.message}`);
  return `${file}: ${reasons.length} field(s) are wrong:\n${reasons.join('\n')}`;
}

/** Paths in a configuration are relative to the file that names them. */
export function resolveFrom(configFile: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(configFile), path);
}

export const port = z.int().min(0).max(65_535);
export const keyHex = z.string().regex(/^[0-9a-f]{64}$/, 'expected a public key: 64 hexadecimal digits');
export const multiaddrText = z
  .string()
  .startsWith('/', 'expected a multiaddr such as /ip4/127.0.0.1/tcp/4001');
/** Another node: its key, which is its libp2p identity, and where it listens. */
export const peerEntry = z.strictObject({ key: keyHex, address: multiaddrText });
export type PeerEntry = z.infer<typeof peerEntry>;
