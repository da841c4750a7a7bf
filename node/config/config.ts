/** Reads the one TOML file that configures a node or a gateway, and writes such a file with every default in it. */

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse, stringify, TomlError } from 'smol-toml';
import { z } from 'zod';
import { gatewaySchema, nodeSchema, PATH } from './schema.ts';

type CamelWord<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelWord<Tail>>}`
  : S;
/** `key_file` in the file is `keyFile` in the program. */
type Camel<T> = T extends readonly (infer I)[]
  ? readonly Camel<I>[]
  : T extends object
    ? { readonly [K in keyof T as K extends string ? CamelWord<K> : K]: Camel<T[K]> }
    : T;

export type NodeConfig = Camel<z.output<typeof nodeSchema>>;
export type GatewayConfig = Camel<z.output<typeof gatewaySchema>>;

type Given<T> = {
  readonly [S in keyof T]?: T[S] extends object | undefined ? Partial<NonNullable<T[S]>> : T[S];
};
/** Values for a new file, by section and field as they stand in it; what is left out gets its default. */
export type NodeConfigValues = Given<z.input<typeof nodeSchema>>;
export type GatewayConfigValues = Given<z.input<typeof gatewaySchema>>;

/** The file is missing, is no TOML, or a field is wrong. The message names the file, the field and what it wants. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads a node's configuration; its paths are full paths, taken from the folder of the file. */
export function readConfig(file: string): Promise<NodeConfig> {
  return readToml(file, nodeSchema) as Promise<NodeConfig>;
}

export function readGatewayConfig(file: string): Promise<GatewayConfig> {
  return readToml(file, gatewaySchema) as Promise<GatewayConfig>;
}

/** A node's configuration as text, with every default and its meaning; what must be given is the node's name. */
export function defaultConfigToml(values: NodeConfigValues): string {
  return writeToml('Tallystick node. Paths are relative to this file.', nodeSchema, values);
}

/** A gateway's configuration as text; what must be given is its name, and the nodes it speaks to. */
export function defaultGatewayConfigToml(values: GatewayConfigValues): string {
  return writeToml('Tallystick gateway. Paths are relative to this file.', gatewaySchema, values);
}

async function readToml(file: string, schema: z.ZodObject): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? 'there is no such file; `tally init` makes one' : (cause as Error).message;
    throw new ConfigError(`${file}: ${reason}`, { cause });
  }
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const reason = cause.message.split('\n', 1)[0]!.replace(/^Invalid TOML document: /, '');
    throw new ConfigError(`${file}, line ${cause.line}, column ${cause.column}: ${reason}`, { cause });
  }
  const checked = schema.safeParse(parsed, { reportInput: true });
  if (checked.success) return programForm(schema, checked.data, dirname(resolve(file)));
  throw new ConfigError(
    checked.error.issues
      .flatMap(describeIssue)
      .map((line) => `${file}: ${line}`)
      .join('\n'),
  );
}

function describeIssue(issue: z.core.$ZodIssue): string[] {
  const place = z.core.toDotPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => `${[place, name].filter(Boolean).join('.')}: there is no such field`);
  }
  const expected = issue.message
    .replace(/^Invalid (?:input|option|string): /, '')
    .replace(/^Too (?:big|small): /, '');
  const got = issue.input === undefined ? 'nothing' : JSON.stringify(issue.input);
  return [`${place}: ${expected}${/, received /.test(expected) ? '' : `, got ${got}`}`];
}

/** Names as the program writes them, paths in full. */
function programForm(schema: z.ZodType, value: unknown, folder: string): unknown {
  const plain = unwrap(schema);
  if (plain instanceof z.ZodArray)
    return (value as unknown[]).map((item) => programForm(plain.element as z.ZodType, item, folder));
  if (plain instanceof z.ZodObject) {
    const fields = Object.entries(value as object).map(([name, field]) => {
      const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      return [camel, programForm(plain.shape[name] as z.ZodType, field, folder)];
    });
    return Object.fromEntries(fields);
  }
  return isPath(schema) && typeof value === 'string' ? resolve(folder, value) : value;
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

const isPath = (schema: z.ZodType): boolean => unwrap(schema).meta()?.format === PATH;

function writeToml(title: string, schema: z.ZodObject, given: object): string {
  const checked = schema.safeParse(given, { reportInput: true });
  if (!checked.success) throw new TypeError(checked.error.issues.flatMap(describeIssue).join('\n'));
  const values = checked.data as Record<string, Record<string, unknown>>;
  const sections = Object.entries(schema.shape).map(([name, section]) => {
    const fields = Object.entries((unwrap(section as z.ZodType) as z.ZodObject).shape);
    return `[${name}]\n${fields.map(([field, type]) => writeField(field, type as z.ZodType, values[name]![field])).join('\n')}\n`;
  });
  return `# ${title}\n\n${sections.join('\n')}`;
}

function writeField(name: string, type: z.ZodType, value: unknown): string {
  const meaning = type.description ?? unwrap(type).description;
  const line = value === undefined ? `# ${name} = ""` : writeValue(name, value);
  return `${meaning === undefined ? '' : `# ${meaning}\n`}${line}`;
}

/** Lists of tables stand inline, one to a line: as tables of their own they would leave their section. */
function writeValue(name: string, value: unknown): string {
  if (!Array.isArray(value) || typeof value[0] !== 'object') return stringify({ [name]: value }).trimEnd();
  const rows = value.map((row: Record<string, unknown>) => {
    const fields = Object.entries(row).map(([field, inner]) => stringify({ [field]: inner }).trimEnd());
    return `  { ${fields.join(', ')} },\n`;
  });
  return `${name} = [\n${rows.join('')}]`;
}
