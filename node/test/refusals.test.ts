/**
 * Refusals over every case of every transition: each has a remedy and names what stood in the way, an object with its
 * type or a figure; and arguments: whatever is wrong with one is said of that one.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Code, codes } from '../../consensus/codec/codes.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { transitions } from '../../consensus/contracts/index.ts';
import { declaredPairs, gatherCases } from '../../consensus/test/contract-coverage.ts';
import { commonCodes, World } from '../../consensus/test/contract-world.ts';
import type { SignedCall } from '../../consensus/vertex/call.ts';
import { CliError } from '../cli/exit-codes.ts';
import { type DeclaredArgs, typeArgs } from '../cli/typed-args.ts';
import { remedyOf } from '../http/remedies.ts';
import { argsJson, argsJsonSchema, encodeArgs, type JsonObject } from '../service/call-args.ts';
import { inTheWay } from '../service/in-the-way.ts';

const test = suite('refusals');

test('every code has a remedy of its own, a sentence, and a status that is an error', () => {
  const names = (Object.keys(codes) as Code[]).filter((code) => code !== 'OK');
  for (const code of names) {
    const { status, remedy } = remedyOf(code);
    assert.match(remedy, /^[A-Z“/].{8,}\.$/, code);
    assert.ok(status >= 400 && status < 600, code);
    assert.ok(!/docs\/spec for the rule/.test(remedy), code);
  }
});

test('every case of every transition and code: an object in the way with its type, or what else is wrong', async () => {
  const seen = new Set<string>();
  let objects = 0;
  for (const { transition, code, run } of await gatherCases()) {
    if (code === 'OK') continue;
    const ran = run();
    // Calls about seats run in a world of their own and give their code alone.
    if (typeof ran === 'string') {
      seen.add(`${transition} ${code.trim()}`);
      continue;
    }
    const { refusal, world } = 'refusal' in ran ? ran : ran[0];
    if (refusal === undefined || world === undefined) continue;
    const what = `${transition} ${refusal.code}`;
    seen.add(what);
    const object = inTheWay(refusal.code, refusal.conflict, world.state);
    if (object !== undefined) {
      objects += 1;
      assert.ok(object.type !== 'call', `${what} names a ${object.type}`);
    } else {
      // No object, or the id of one that is not there yet, such as an account: the figures say why.
      assert.ok(Object.keys(refusal.facts).length > 0, `${what} says nothing of why`);
    }
  }
  const missing = declaredPairs().filter((pair) => !pair.endsWith(' OK') && !seen.has(pair));
  assert.equal(missing, []);
  assert.ok(objects > 400, `${objects}`);
  console.log(
    `${seen.size} pairs of transition and code, ${objects} refusals name an object; common: ${commonCodes.length}`,
  );
});

/** Arguments of a call of every transition that took effect, as people write them. */
async function sampleArgs(): Promise<ReadonlyMap<string, JsonObject>> {
  const samples = new Map<string, JsonObject>();
  World.onExecute = (_, { header, parts }: SignedCall) => {
    const declared = transitions.get(header.transition)!;
    const shown = argsJson(
      declared,
      parts.map((part) => part.value),
      [0, 1, 2],
    );
    samples.set(header.transition, shown);
  };
  for (const { code, run } of await gatherCases()) if (code === 'OK') run();
  World.onExecute = () => {};
  return samples;
}

const noReadings = async () => ({ ok: false, code: 'E_UNKNOWN', facts: {} }) as const;

test('arguments: missing, unknown or of a wrong type, each is named with what is expected, in every transition', async () => {
  const samples = await sampleArgs();
  let tried = 0;
  for (const [name, declared] of transitions) {
    const sample = samples.get(name);
    // Calls about seats: their arguments are few and flat.
    const args: JsonObject = sample ?? {};
    const encode = (changed: JsonObject) => encodeArgs(declared, changed, new Uint8Array(32), noReadings);
    if (sample !== undefined) assert.ok((await encode(args)).ok, name);
    const schema = argsJsonSchema(declared) as unknown as DeclaredArgs;
    const refusedOn = async (changed: JsonObject, field: string, expected: RegExp): Promise<void> => {
      const refused = await encode(changed);
      assert.ok(!refused.ok, `${name} takes ${JSON.stringify(changed[field])} as ${field}`);
      assert.is(refused.code, 'E_SCHEMA');
      assert.is(
        String(refused.facts['field']).split(/[.[]/)[0],
        field,
        `${name}: ${JSON.stringify(refused.facts)}`,
      );
      assert.match(String(refused.facts['reason']), expected);
      tried += 1;
    };
    await refusedOn({ ...args, 'no-such': 1 }, 'no-such', /no such field; .* takes/);
    if (sample === undefined) continue;
    for (const field of Object.keys(schema.properties)) {
      for (const wrong of [1.5, 'ü', [[[]]], { type: 'no' }, true] as readonly Json[]) {
        if (wrong === true && schema.properties[field]!['type'] === 'boolean') continue;
        await refusedOn({ ...args, [field]: wrong }, field, /expected /);
      }
      const { [field]: _, ...rest } = args;
      if (schema.required.includes(field)) await refusedOn(rest, field, /expected .*, got nothing/);
      else assert.ok((await encode(rest)).ok, `${name} without ${field}`);
    }
  }
  assert.ok(samples.size > transitions.size - 12, `${samples.size} of ${transitions.size}`);
  console.log(`${tried} wrong arguments over ${samples.size} transitions`);
});

/** As a person would type the value. */
const typed = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

test('--set: what is typed by the schema is what JSON says, for every argument of every transition', async () => {
  for (const [name, args] of await sampleArgs()) {
    const schema = argsJsonSchema(transitions.get(name)!) as unknown as DeclaredArgs;
    const settings = Object.entries(args).map(([field, value]) => `${field}=${typed(value)}`);
    assert.equal(typeArgs(name, schema, settings), args, name);
  }
});

test('--set: a slip names the argument and what it should be', () => {
  const schema = (name: string) => argsJsonSchema(transitions.get(name)!) as unknown as DeclaredArgs;
  const told = (name: string, ...settings: string[]): string => {
    try {
      typeArgs(name, schema(name), settings);
    } catch (error) {
      assert.instance(error, CliError);
      return (error as Error).message;
    }
    return 'taken';
  };
  const loan = `loan=${'ab'.repeat(32)}`;
  const rest = ['interest=0', 'costs=0', 'reference=PAY'];
  assert.is(told('draw', loan, 'principal=5', ...rest), 'taken');
  assert.is(
    told('draw', loan, 'principal=0', ...rest),
    'argument principal: expected an integer from 1 up, got "0"',
  );
  assert.match(told('draw', loan, 'principal=1e3', ...rest), /argument principal: expected an integer/);
  assert.match(told('draw', loan, 'principal=99999999999999999999', ...rest), /argument principal/);
  assert.match(
    told('draw', loan, 'amount=5', ...rest),
    /--set amount: no such argument; draw takes loan, principal/,
  );
  assert.match(told('draw', loan, ...rest), /draw: missing argument principal \(an integer from 1 up\)/);
  assert.match(told('draw', loan, loan), /given twice/);
  assert.match(told('draw', 'loan'), /expected name=value/);
  assert.match(told('enrol-key', 'kind=other'), /argument kind: expected one of party, gateway, got "other"/);
  assert.match(told('decide', loan, 'decision=yes'), /expected JSON with "type" one of approve, decline/);
  assert.match(told('draw', '__proto__=1'), /no such argument/);
});

test.run();
