/** Where `tally tx` has a transition's declaration and its arguments from. */

import { readFile } from 'node:fs/promises';
import type { Json } from '../../consensus/codec/schema.ts';
import type { ApiClient } from './api-client.ts';
import { CliError, exits } from './exit-codes.ts';
import { print } from './print.ts';
import { type DeclaredArgs, expectation, typeArgs } from './typed-args.ts';

export interface Declaration {
  readonly name: string;
  readonly summary: string;
  readonly codes: readonly string[];
  readonly args: DeclaredArgs;
}

export async function declarationOf(api: ApiClient, name: string | undefined): Promise<Declaration> {
  const { transitions } = await api.get<{ readonly transitions: readonly Declaration[] }>('/v1/transitions');
  const found = transitions.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  const near = transitions
    .map((entry) => entry.name)
    .filter((entry) => entry.includes(name?.split('-')[0] ?? ' '));
  const hint = near.length === 0 ? 'see `tally get transitions`' : `did you mean ${near.join(' or ')}?`;
  throw new CliError(exits.usage, `no transition "${name}"; ${hint}`);
}

/** The arguments that `settings` state over `given`, typed by the declaration. */
export async function setArgs(
  api: ApiClient,
  transition: string | undefined,
  settings: readonly string[],
  given: { readonly [name: string]: Json },
): Promise<{ readonly [name: string]: Json }> {
  const { name, args } = await declarationOf(api, transition);
  return typeArgs(name, args, settings, given);
}

/** The arguments, what each must be, who will see it, and the codes of refusals. */
export function explain({ name, summary, codes, args }: Declaration, json: boolean | undefined): void {
  const shown = Object.entries(args.properties).map(([arg, schema]) => {
    const seen = String(schema['x-visibility']);
    return { name: arg, expected: expectation(schema), required: args.required.includes(arg), seen };
  });
  if (json) return print({ name, summary, args: shown, codes }, true);
  process.stdout.write(`${name}: ${summary}\n`);
  for (const { name: arg, expected, required, seen } of shown)
    process.stdout.write(`  ${arg}  ${expected}${required ? '' : ', may be left out'}  [${seen}]\n`);
  process.stdout.write(
    'seen by: [V0] everybody, [V1] the parties of the file, [V2] the parties of the contract\n',
  );
  process.stdout.write(`refused with: ${codes.join(' ')}\n`);
}

export async function readArgs(text: string): Promise<{ readonly [name: string]: Json }> {
  let args: unknown;
  try {
    args = JSON.parse(await readText('--args', text));
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError(exits.usage, `--args: not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof args !== 'object' || args === null || Array.isArray(args))
    throw new CliError(exits.usage, '--args: expected one flat JSON object');
  return args as { readonly [name: string]: Json };
}

/** The text itself, or with `@` that of a file. */
export async function readText(option: string, text: string): Promise<string> {
  if (!text.startsWith('@')) return text;
  return readFile(text.slice(1), 'utf8').catch((cause) => {
    throw new CliError(exits.usage, `${option} ${text}: cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  });
}
