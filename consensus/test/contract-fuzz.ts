/**
 * Fuzz of contract calls (R051): every passing case's call, with arguments bent and signers taken away or exchanged, runs
 * on the state that it would have passed on. Nothing throws, a refusal writes nothing, no run reads or writes beyond
 * its limit, no invariant breaks, and nobody's money or goods pass without the owner's own signature.
 * `npm run fuzz -- --inputs 1000000 --seed 1`; a short one runs with the tests.
 */

import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { equalBytes, toHex, uint32Bytes } from '../codec/bytes.ts';
import { decodeArguments, runCall } from '../contracts/engine.ts';
import { transitions } from '../contracts/index.ts';
import { findBreaches } from '../contracts/invariants.ts';
import { readObject, type StoredObject } from '../contracts/object.ts';
import { account } from '../contracts/objects/money.ts';
import { unit } from '../contracts/objects/unit.ts';
import { changedMax, device, key } from '../contracts/registry.ts';
import { Draft } from '../contracts/state.ts';
import { StepMeter, stepsMax } from '../contracts/steps.ts';
import { hash } from '../crypto/hash.ts';
import { installPrimitives } from '../crypto/primitives.ts';
import { makeBatchVerifier } from '../crypto/zip215/verifier.ts';
import { composeCall, type SignedCall } from '../vertex/call.ts';
import { gatherCases } from './contract-coverage.ts';
import { nowhere } from './contract-story.ts';
import { commonCodes, network, World } from './contract-world.ts';
import { Chance } from './walk-random.ts';

/** A thing’s key stands for its owner’s (row 42). */
const BY_MANDATE: readonly string[] = [
  'pay-by-thing',
  'draw-by-thing',
  'repay-by-thing',
  'pledge-by-thing',
  'buy-by-thing',
  'sell-by-thing',
];
/** The bank's word on the limit stands for its signature. */
const BY_LIMIT: readonly string[] = ['draw-limit', 'draw-by-thing'];

const noSignature = new Uint8Array(64);

interface Start {
  readonly world: World;
  readonly call: SignedCall;
}

export interface FuzzSummary {
  inputs: number;
  effects: number;
  /** Inputs whose effects were looked over with all invariants. */
  surveyed: number;
  mostSteps: number;
  mostReads: number;
  mostChanges: number;
  readonly codes: Map<string, number>;
  readonly effective: Set<string>;
  readonly wrong: string[];
}

/** Counts what is read through it. */
class CountingDraft extends Draft {
  reads = 0;

  override find(pathKey: string): StoredObject | undefined {
    this.reads += 1;
    return super.find(pathKey);
  }
}

/** The state and the call of each passing case. */
async function gatherStarts(): Promise<readonly Start[]> {
  const starts: Start[] = [];
  for (const { code, run } of await gatherCases()) {
    if (code !== 'OK') continue;
    let last: Start | undefined;
    World.onExecute = (world, call) => {
      last = { world: world.fork(), call };
    };
    run();
    World.onExecute = () => {};
    // Cases of seats run in a world of their own.
    if (last !== undefined) starts.push(last);
  }
  return starts;
}

interface Place {
  readonly value: unknown;
  set(value: unknown): void;
}

/** Every place in `value` at which something stands that is no record. */
function* placesOf(value: unknown, set: (value: unknown) => void): Generator<Place> {
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    if (Array.isArray(value)) yield { value, set };
    for (const name of Object.keys(value)) {
      const held = value as Record<string, unknown>;
      yield* placesOf(held[name], (next) => {
        held[name] = next;
      });
    }
  } else yield { value, set };
}

function bend(value: unknown, ids: readonly Uint8Array[], chance: Chance): unknown {
  if (typeof value === 'number')
    return chance.pick([
      ...[0, 1, value - 1, value + 1, 2 * value, value >> 1, -value, value + 0.5],
      ...[Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - value, chance.next()],
    ]);
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string')
    return chance.pick(['', ' ', value.slice(1), `${value}x`, 'EUR', 'USD', '\u0000', 'x'.repeat(90)]);
  if (value instanceof Uint8Array) {
    if (value.length === 32 && !chance.once(4)) return chance.pick(ids);
    const bent = value.slice();
    if (bent.length > 0) bent[chance.below(bent.length)]! ^= 1 << chance.below(8);
    return chance.once(5) ? bent.slice(1) : bent;
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return [chance.pick(ids)];
    const at = chance.below(value.length);
    return chance.pick([
      [...value, value[at]],
      value.filter((_, index) => index !== at),
      [...value].reverse(),
      [],
    ]);
  }
  return chance.pick<unknown>([undefined, chance.pick(ids), chance.below(1_000_000), 'x']);
}

/** Encoded parts of the call with one to three places bent, or a byte where that fits no shape. */
function bendParts(call: SignedCall, ids: readonly Uint8Array[], chance: Chance): Uint8Array[] {
  const declared = transitions.get(call.header.transition)!;
  const decoded = decodeArguments(declared, call);
  if (!decoded.ok) throw new Error(`a case's own arguments: ${decoded.code}`);
  const args = { args: structuredClone(decoded.value) as unknown };
  for (let i = chance.below(4); i > 0; i--) {
    const places = [
      ...placesOf(args.args, (value) => {
        args.args = value;
      }),
    ];
    if (places.length === 0) break;
    const place = chance.pick(places);
    place.set(bend(place.value, ids, chance));
  }
  try {
    return [...declared.args.encodeParts(args.args as never)];
  } catch {
    const parts = call.parts.map(({ value }) => value.slice());
    const part = parts[chance.below(parts.length)]!;
    if (part.length > 0) part[chance.below(part.length)]! ^= 1 << chance.below(8);
    return parts;
  }
}

/** Who signs: those who did, one of them less, somebody else, or nobody. */
function bendSigners(call: SignedCall, keys: readonly Uint8Array[], chance: Chance): Uint8Array[] {
  const own = call.signatures.map((entry) => entry.key);
  switch (chance.below(8)) {
    case 0:
      return [];
    case 1:
      return [chance.pick(keys)];
    case 2:
      return [...own, chance.pick(keys)];
    case 3:
    case 4: {
      const drop = chance.below(own.length + 1);
      return own.filter((_, index) => index !== drop);
    }
    default:
      return own;
  }
}

/** What passed without the signature of whoever had it. */
function findUnsigned(call: SignedCall, before: World, draft: Draft): string | undefined {
  const { transition } = call.header;
  if (transitions.get(transition)!.signedBy.length === 0) return undefined;
  const parties = new Set<string>();
  const keys = new Set(call.signatures.map((entry) => toHex(entry.key)));
  for (const entry of call.signatures) {
    const known = before.get(key, entry.key);
    if (known?.kind === 'party' && known.state === 'ACTIVE') parties.add(toHex(known.party));
  }
  if (BY_MANDATE.includes(transition)) {
    for (const stored of before.objects()) {
      if (stored.type !== device.name) continue;
      const { key: own, owner, state } = readObject(device, stored);
      if (state === 'ACTIVE' && keys.has(toHex(own))) parties.add(toHex(owner));
    }
  }
  for (const { object } of draft.changes()) {
    if (object?.type === account.name) {
      const old = before.get(account, object.id);
      if (old === undefined || readObject(account, object).balance >= old.balance) continue;
      if (!BY_LIMIT.includes(transition) && !parties.has(toHex(old.owner)))
        return `${transition}: money of a party that did not sign`;
    } else if (object?.type === unit.name) {
      const old = before.get(unit, object.id);
      if (old === undefined || equalBytes(readObject(unit, object).owner, old.owner)) continue;
      if (!parties.has(toHex(old.owner)) && old.state !== 'OUT')
        return `${transition}: goods of a party that did not sign`;
    }
  }
  return undefined;
}

/** Runs `inputs` bent calls; looks over the whole state after every `surveyEvery`th that takes effect. */
export async function fuzz(inputs: number, seed: number, surveyEvery = 1): Promise<FuzzSummary> {
  const starts = await gatherStarts();
  // That signatures are checked is for other tests; here an empty one stands for its key's own.
  const { verify } = makeBatchVerifier();
  installPrimitives({
    sha256: (data) => new Uint8Array(createHash('sha256').update(data).digest()),
    verify: (signature, message, publicKey) =>
      equalBytes(signature, noSignature) || verify(signature, message, publicKey),
  });
  const chance = new Chance(seed);
  const pools = starts.map(({ world }) => {
    const objects = [...world.objects()];
    return {
      ids: [nowhere, ...objects.map(({ id }) => id)],
      keys: objects.filter(({ type }) => type === key.name).map(({ id }) => id),
    };
  });
  const summary: FuzzSummary = {
    ...{ inputs: 0, effects: 0, surveyed: 0, mostSteps: 0, mostReads: 0, mostChanges: 0 },
    ...{ codes: new Map(), effective: new Set(), wrong: [] },
  };
  for (; summary.inputs < inputs && summary.wrong.length === 0; summary.inputs++) {
    const at = chance.below(starts.length);
    const { world, call } = starts[at]!;
    const values = bendParts(call, pools[at]!.ids, chance);
    const number = uint32Bytes(summary.inputs);
    const composed = composeCall({
      ...{ network, transition: call.header.transition, nonce: hash('salt', number).slice(0, 16) },
      values: [values[0]!, values[1]!, values[2]!],
      salts: [hash('salt', number, Uint8Array.of(1)), hash('salt', number, Uint8Array.of(2))],
      deadline: call.header.deadline,
    });
    const signers = new Map(bendSigners(call, pools[at]!.keys, chance).map((one) => [toHex(one), one]));
    const signatures = [...signers.keys()]
      .sort()
      .map((hex) => ({ key: signers.get(hex)!, signature: noSignature }));
    runOne(summary, { ...composed, signatures }, world, surveyEvery, seed);
  }
  return summary;
}

function runOne(
  summary: FuzzSummary,
  call: SignedCall,
  world: World,
  surveyEvery: number,
  seed: number,
): void {
  const name = call.header.transition;
  const complain = (what: string): void =>
    void summary.wrong.push(`seed ${seed}, input ${summary.inputs}, ${name}: ${what}`);
  const environment = { ...world.environment(), height: world.height + 1, time: world.time + 250 };
  const draft = new CountingDraft(world.state);
  const meter = new StepMeter();
  let code: string;
  try {
    const refusal = runCall(call, hash('vertex', call.header.nonce), draft, environment, meter);
    code = refusal?.code ?? 'OK';
    const codes: readonly string[] = [...commonCodes, 'OK', ...transitions.get(name)!.codes];
    if (!codes.includes(code)) complain(`does not declare ${code}`);
  } catch (error) {
    return complain(`threw ${String(error)}`);
  }
  summary.codes.set(code, (summary.codes.get(code) ?? 0) + 1);
  const changes = draft.changes();
  summary.mostReads = Math.max(summary.mostReads, draft.reads);
  summary.mostSteps = Math.max(summary.mostSteps, meter.taken);
  if (meter.taken > stepsMax !== (code === 'E_STEPS')) complain(`${meter.taken} steps, ${code}`);
  // Whatever is looked up was counted: what the engine itself asks comes on top.
  if (draft.reads > stepsMax) complain(`${draft.reads} reads`);
  if (code !== 'OK') {
    if (changes.length > 0) complain(`refused with ${code}, and wrote`);
    return;
  }
  summary.effects += 1;
  summary.effective.add(name);
  // The call's own record comes on top.
  summary.mostChanges = Math.max(summary.mostChanges, changes.length);
  if (changes.length > changedMax + 1) complain(`${changes.length} changes`);
  const unsigned = findUnsigned(call, world, draft);
  if (unsigned !== undefined) complain(unsigned);
  // The same call once more, in the same position: nothing is to be had by it.
  const root = changes.length;
  const again = runCall(call, hash('vertex', call.header.nonce), draft, environment);
  if (again?.code !== 'E_REPLAY' || draft.changes().length !== root) complain('took effect twice');
  if (world.tampered || summary.effects % surveyEvery !== 0) return;
  summary.surveyed += 1;
  const after = world.fork();
  after.state.commit(changes, after.state.rootAfter(changes));
  after.height = environment.height;
  after.time = environment.time;
  for (const { invariant, what } of findBreaches(after)) complain(`invariant ${invariant}: ${what}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
      'survey-every': { type: 'string', default: '1' },
    },
  });
  const began = performance.now();
  const summary = await fuzz(Number(values.inputs), Number(values.seed), Number(values['survey-every']));
  const { codes, effective, wrong, ...figures } = summary;
  const byCount = [...codes].sort((a, b) => b[1] - a[1]).map((entry) => entry.join(' '));
  console.log(JSON.stringify({ ...figures, transitionsInEffect: effective.size, seed: Number(values.seed) }));
  console.log(byCount.join(', '));
  for (const what of wrong) console.log(`WRONG ${what}`);
  console.log(`${((performance.now() - began) / 1_000).toFixed(1)} s`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
