/**
 * Arguments of a transition from the command line: `--set name=value`, typed by the transition's own schema, so that a
 * slip is told before anything is composed, with the argument's name and what it should have been.
 */

import type { Json } from '../../consensus/codec/schema.ts';
import { CliError, exits } from './exit-codes.ts';

export type ArgSchema = { readonly [field: string]: Json };

export interface DeclaredArgs {
  readonly properties: { readonly [name: string]: ArgSchema };
  readonly required: readonly string[];
}

/** The arguments that `settings` state over those of `given`; each setting once. */
export function typeArgs(
  transition: string,
  declared: DeclaredArgs,
  settings: readonly string[],
  given: { readonly [name: string]: Json } = {},
): { readonly [name: string]: Json } {
  const args: { [name: string]: Json } = { ...given };
  const set = new Set<string>();
  for (const setting of settings) {
    const at = setting.indexOf('=');
    const name = at < 0 ? setting : setting.slice(0, at);
    const schema = Object.hasOwn(declared.properties, name) ? declared.properties[name]! : undefined;
    if (at < 0) throw wrong(`--set ${setting}: expected name=value`);
    if (schema === undefined)
      throw wrong(`--set ${name}: no such argument; ${transition} takes ${namesOf(declared)}`);
    if (set.has(name)) throw wrong(`--set ${name}: given twice`);
    set.add(name);
    args[name] = typeValue(name, setting.slice(at + 1), schema);
  }
  const unknown = Object.keys(args).find((name) => !Object.hasOwn(declared.properties, name));
  if (unknown !== undefined)
    throw wrong(`argument ${unknown}: no such argument; ${transition} takes ${namesOf(declared)}`);
  const missing = declared.required.filter((name) => args[name] === undefined);
  if (missing.length > 0) {
    const wanted = missing.map((name) => `${name} (${expectation(declared.properties[name]!)})`).join(', ');
    throw wrong(`${transition}: missing ${missing.length === 1 ? 'argument' : 'arguments'} ${wanted}`);
  }
  return args;
}

/** One value, as a person types it. */
function typeValue(name: string, text: string, schema: ArgSchema): Json {
  const options = optionsOf(schema);
  if (options !== undefined) {
    if (text === 'null' && options.some((option) => option['type'] === 'null')) return null;
    const other = options.find((option) => option['type'] !== 'null');
    return typeValue(name, text, other ?? {});
  }
  switch (schema['type']) {
    case 'integer': {
      const value = Number(text);
      const least = Number(schema['minimum'] ?? Number.MIN_SAFE_INTEGER);
      const most = Number(schema['maximum'] ?? Number.MAX_SAFE_INTEGER);
      if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value) || value < least || value > most)
        throw mismatch(name, schema, text);
      return value;
    }
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw mismatch(name, schema, text);
      return text === 'true';
    case 'string': {
      const words = schema['enum'] as readonly string[] | undefined;
      if (words !== undefined && !words.includes(text)) throw mismatch(name, schema, text);
      return text;
    }
    case 'array': {
      if (text.startsWith('[')) return parsed(name, schema, text);
      const item = schema['items'] as ArgSchema;
      return text === '' ? [] : text.split(',').map((entry, at) => typeValue(`${name}[${at}]`, entry, item));
    }
    default:
      return parsed(name, schema, text);
  }
}

function parsed(name: string, schema: ArgSchema, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw mismatch(name, schema, text);
  }
}

/** What the schema asks for, in a few words. */
export function expectation(schema: ArgSchema): string {
  const options = optionsOf(schema);
  if (options !== undefined && schema['oneOf'] === undefined)
    return options.map((option) => (option['type'] === 'null' ? 'null' : expectation(option))).join(' or ');
  const { type, minimum, maximum, minLength, maxLength, enum: words, pattern } = schema;
  if (schema['oneOf'] !== undefined) {
    const variants = (schema['oneOf'] as readonly ArgSchema[]).map((variant) => String(variant['title']));
    return `JSON with "type" one of ${variants.join(', ')}`;
  }
  if (Array.isArray(words)) return `one of ${words.join(', ')}`;
  if (type === 'integer') {
    const top = maximum === Number.MAX_SAFE_INTEGER ? 'up' : `to ${maximum}`;
    return `an integer from ${minimum} ${top}`;
  }
  if (type === 'boolean') return 'true or false';
  if (type === 'array') return `a list of ${expectation(schema['items'] as ArgSchema)}`;
  if (type !== 'string') return 'JSON';
  if (minLength === 64 && maxLength === 64)
    return 'an id of 64 hexadecimal digits, or a name such as lei:… or sscc:…';
  if (String(pattern).includes('0-9a-f')) return 'hexadecimal';
  return minLength === maxLength
    ? `text of ${minLength} characters`
    : `text of ${minLength} to ${maxLength} characters`;
}

function optionsOf(schema: ArgSchema): readonly ArgSchema[] | undefined {
  return schema['anyOf'] as readonly ArgSchema[] | undefined;
}

const namesOf = ({ properties }: DeclaredArgs): string => Object.keys(properties).join(', ') || 'none';
const wrong = (text: string): CliError => new CliError(exits.usage, text);
const mismatch = (name: string, schema: ArgSchema, text: string): CliError =>
  wrong(`argument ${name}: expected ${expectation(schema)}, got "${text.slice(0, 80)}"`);
