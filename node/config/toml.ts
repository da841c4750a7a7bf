/** Reading a TOML file against a schema: errors name the file, the field and what was expected. */

import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export async function readToml<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const result = schema.safeParse(await parseToml(file), { reportInput: true });
  if (result.success) return result.data;
  throw new ConfigError(tellIssues(file, result.error.issues));
}

/** What a file holds, unchecked. */
export async function parseToml(file: string): Promise<{ readonly [name: string]: unknown }> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such file' : `cannot be read: ${cause.message}`;
    throw new ConfigError(`${file}: ${reason}`, { cause });
  });
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const reason = cause.message.split('\n', 1)[0]!.replace(/^Invalid TOML document: /, '');
    throw new ConfigError(`${file}, line ${cause.line}, column ${cause.column}: ${reason}`, { cause });
  }
}

/** One line for each mistake: the file, the field, what was expected there and what stands there. */
export function tellIssues(file: string, issues: readonly z.core.$ZodIssue[]): string {
  return issues
    .flatMap(tellIssue)
    .map((line) => `${file}: ${line}`)
    .join('\n');
}

function tellIssue(issue: z.core.$ZodIssue): string[] {
  const place = z.core.toDotPath(issue.path);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((name) => `${[place, name].filter(Boolean).join('.')}: there is no such field`);
  const expected = issue.message
    .replace(/^Invalid (?:input|option|string): /, '')
    .replace(/^Too (?:big|small): /, '');
  const got = issue.input === undefined ? '' : `, got ${JSON.stringify(issue.input)}`;
  return [`${place || '(top level)'}: ${expected}${/, received /.test(expected) ? '' : got}`];
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
