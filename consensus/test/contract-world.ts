/**
 * A small ledger for tests of contracts: a state, a clock, enrolled parties that sign, sensors that measure. Calls are
 * composed, signed and run as on a node; only the proof that a reading is on the ledger is replaced by knowing it.
 */

import { createHash, createPrivateKey, sign as signNatively } from 'node:crypto';
import { getPublicKey } from '@noble/ed25519';
import { asciiBytes, concatBytes, toHex, uint32Bytes } from '../codec/bytes.ts';
import type { Code } from '../codec/codes.ts';
import { advanceClock } from '../contracts/clock.ts';
import { type CallEnvironment, runCall } from '../contracts/engine.ts';
import { transitions } from '../contracts/index.ts';
import type { WholeState } from '../contracts/invariants.ts';
import { type ObjectReader, type ObjectType, objectPath, type StoredObject } from '../contracts/object.ts';
import { offenceId, offenceRecord, offender } from '../contracts/objects/offence.ts';
import { defaultPolicy, type Policy } from '../contracts/policy.ts';
import { callRecord, device, key, labelKey, party, type Role } from '../contracts/registry.ts';
import { bookWork } from '../contracts/rules/fees.ts';
import { closeRewards, openRewards } from '../contracts/rules/rewards.ts';
import { defaultCommitteeRules, seatRulesOf } from '../contracts/seats/rules.ts';
import { Draft, LedgerState } from '../contracts/state.ts';
import { type ContractRefusal, type Evidence, refused, type Transition } from '../contracts/transition.ts';
import { immediateTriggers } from '../contracts/triggers/rules.ts';
import type { Signer } from '../crypto/ed25519.ts';
import { hash, zero32 } from '../crypto/hash.ts';
import { installPrimitives } from '../crypto/primitives.ts';
import { makeBatchVerifier } from '../crypto/zip215/verifier.ts';
import { callId, composeCall, type SignedCall, signCall } from '../vertex/call.ts';
import { parseDecimal } from '../vertex/decimal.ts';
import { type Frame, frame, signFrame } from '../vertex/frame.ts';
import type { QuantityName, SensorFunction } from '../vertex/quantities.ts';

const sha256 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(data).digest());
installPrimitives({ sha256, verify: makeBatchVerifier().verify });

/** The signer whose secret is the hash of `name`: the same in every run. */
export function signerNamed(name: string): Signer {
  const secret = hash('label', asciiBytes(name));
  const publicKey = getPublicKey(secret);
  const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: encode(secret), x: encode(publicKey) };
  const native = createPrivateKey({ key: jwk, format: 'jwk' });
  return { publicKey, sign: (message) => new Uint8Array(signNatively(null, message, native)) };
}

/** Completes 18 characters to an LEI. */
export function makeLei(stem: string): string {
  const padded = stem.toUpperCase().padEnd(18, '0').slice(0, 18);
  const digits = Array.from(`${padded}00`, (character) => Number.parseInt(character, 36)).join('');
  return padded + String(98n - (BigInt(digits) % 97n)).padStart(2, '0');
}

/** Completes digits by the GS1 check digit. */
export function withCheckDigit(digits: string): string {
  const sum = Array.from(digits)
    .reverse()
    .reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 3 : 1), 0);
  return digits + String((10 - (sum % 10)) % 10);
}

export const network = hash('network', asciiBytes('contract tests'));
export const START_MS = Date.UTC(2026, 0, 5, 8);
export const HOUR_MS = 3_600_000;

export const cast = {
  acme: ['enterprise'],
  zenith: ['enterprise'],
  bankA: ['bank'],
  bankB: ['bank'],
  monitor: ['monitor'],
  monitor2: ['monitor'],
  warehouse: ['warehouse'],
  appraiser: ['appraiser'],
  carrier: ['warehouse'],
  resolver: ['resolver'],
} as const satisfies { readonly [name: string]: readonly Role[] };
export type PartyName = keyof typeof cast;
const partyNames = Object.keys(cast) as PartyName[];

const signers = new Map<string, Signer>();
export function signerOf(name: string): Signer {
  const known = signers.get(name) ?? signerNamed(name);
  signers.set(name, known);
  return known;
}
export const leiOf = (name: PartyName): string => makeLei(`TALLY${name}`);
export const idOf = (name: PartyName): Uint8Array => labelKey(network, 'lei', leiOf(name));
export const deviceId = (identifier: string): Uint8Array => labelKey(network, 'device', identifier);

/** Sensors by identifier: whose they are, what they are for, whether they sign. */
const sensors: { readonly [identifier: string]: readonly [PartyName, readonly SensorFunction[], boolean] } = {
  scale: ['monitor', ['weigher'], true],
  camera: ['warehouse', ['camera'], false],
  counter: ['monitor', ['counter'], false],
  'second-scale': ['warehouse', ['weigher'], true],
  locator: ['monitor', ['locator', 'door'], false],
  truck: ['acme', ['locator', 'counter'], true],
  climate: ['monitor', ['climate', 'motion'], false],
  'acme-scale': ['acme', ['weigher'], true],
  'acme-counter': ['acme', ['counter', 'climate'], true],
  'acme-meter': ['acme', ['power'], true],
};
/** The call that is taken to have enrolled the sensors. */
const enrolment = hash('call', asciiBytes('enrolment'));
/** Who has a seat: three of them decide what governance decides. */
export const seats = ['bankA', 'bankB', 'monitor', 'monitor2'] as const;
export type SeatName = (typeof seats)[number];
const seatKeys = (): Uint8Array[] => seats.map((name) => signerOf(name).publicKey);
export const TRUSTING_MS = 86_400_000;
/** Gateway keys by name, with the party each belongs to. */
const gateways: { readonly [name: string]: PartyName } = {
  'monitor gateway': 'monitor',
  'acme gateway': 'acme',
};

export interface Outcome {
  readonly id: Uint8Array;
  readonly refusal: ContractRefusal | undefined;
  /** Where it ran. */
  readonly world?: World;
}

export type ArgsOf<T> = T extends Transition<infer A> ? A : never;

export interface ReadingOptions {
  readonly device: string;
  readonly values: { readonly [Q in QuantityName]?: string };
  /** Sensor's clock and time of its checkpoint; both the world's time when left out. */
  readonly time?: number;
  readonly finalTime?: number;
  readonly gateway?: string;
  readonly counter?: number;
  /** Signs the frame; the sensor itself when left out. */
  readonly signedBy?: string;
}

/** What all forks of a world share: it is only ever added to. */
interface Shared {
  readonly evidence: Map<string, Evidence>;
  calls: number;
}

/** Codes of the checks common to every transition: no transition needs to declare them. */
export const commonCodes: readonly Code[] = [
  'E_SUITE',
  'E_NETWORK',
  'E_EXPIRED',
  'E_SCHEMA',
  'E_REPLAY',
  'E_SIG',
  'E_KEY_REVOKED',
  'E_ROLE',
  'E_STEPS',
];

export class World implements WholeState, ObjectReader {
  /** One reading warns; what windows and sources do is tested by itself (triggers.test.ts). */
  policy: Policy = { ...defaultPolicy, triggers: immediateTriggers };
  time = START_MS;
  height = 1;
  epoch = 0;
  /** Was anything written beside the contracts? Then invariants need not hold. */
  tampered = false;
  /** Told of each call before it runs. */
  onCall: (call: SignedCall) => void = () => {};
  /** Told of each call, in any world, before it runs. */
  static onExecute: (world: World, call: SignedCall) => void = () => {};
  readonly state: LedgerState;
  readonly #shared: Shared;

  private constructor(state: LedgerState, shared: Shared) {
    this.state = state;
    this.#shared = shared;
  }

  /** The cast, its sensors and gateways, as a genesis would enrol them. */
  static enrolled(): World {
    const draft = new Draft(LedgerState.of([]));
    const salts = [zero32, zero32] as const;
    for (const name of partyNames) {
      const value = {
        roles: cast[name],
        lei: leiOf(name),
        name,
        address: `1 ${name} Road`,
        controller: zero32,
      };
      draft.put(party, idOf(name), value, salts);
      draft.put(
        key,
        signerOf(name).publicKey,
        { party: idOf(name), kind: 'party', state: 'ACTIVE', since: 0 },
        salts,
      );
    }
    for (const [name, owner] of Object.entries(gateways)) {
      draft.put(
        key,
        signerOf(name).publicKey,
        { party: idOf(owner), kind: 'gateway', state: 'ACTIVE', since: 0 },
        salts,
      );
    }
    const enrolled = { transition: 'enrol-device', vertex: zero32, height: 0, time: START_MS, changed: [] };
    draft.put(callRecord, enrolment, enrolled, salts);
    for (const [identifier, [owner, functions, signs]] of Object.entries(sensors)) {
      const publicKey = signs ? signerOf(identifier).publicKey : new Uint8Array(0);
      const value = {
        ...({ owner: idOf(owner), state: 'ACTIVE', key: publicKey, identifier, functions } as const),
        ...{ validUntil: undefined, call: enrolment, height: 0 },
      };
      draft.put(device, deviceId(identifier), value, salts);
    }
    return new World(LedgerState.of(draft.changes().map((change) => change.object!)), {
      evidence: new Map(),
      calls: 0,
    });
  }

  /** A world that goes on from here, leaving this one as it is. */
  fork(): World {
    const copy = new World(this.state.copy(), this.#shared);
    copy.time = this.time;
    copy.height = this.height;
    copy.epoch = this.epoch;
    copy.policy = this.policy;
    copy.tampered = this.tampered;
    return copy;
  }

  get<T>(type: ObjectType<T>, id: Uint8Array): T | undefined {
    return this.state.get(type, id);
  }

  /** The object, which the test knows to be there. */
  read<T>(type: ObjectType<T>, id: Uint8Array): T {
    const value = this.get(type, id);
    if (value === undefined) throw new Error(`no ${type.name} ${toHex(id)}`);
    return value;
  }

  stored<T>(type: ObjectType<T>, id: Uint8Array): StoredObject {
    const found = this.state.find(toHex(objectPath(type.name, id)));
    if (found === undefined) throw new Error(`no ${type.name} ${toHex(id)}`);
    return found;
  }

  objects(): Iterable<StoredObject> {
    return this.state.objects();
  }

  /** Name of the transition that the call was. */
  callOf(id: Uint8Array): string {
    return this.read(callRecord, id).transition;
  }

  root(): string {
    return toHex(this.state.map.root);
  }

  #commit(draft: Draft): void {
    const changes = draft.changes();
    this.state.commit(changes, this.state.rootAfter(changes));
  }

  /** Puts an object beside the contracts: for states that no transition of this set leads to. */
  put<T>(type: ObjectType<T>, id: Uint8Array, value: T): void {
    this.tampered = true;
    const draft = new Draft(this.state);
    draft.put(type, id, value, [zero32, zero32]);
    this.#commit(draft);
  }

  /** Changes fields of an object beside the contracts. */
  change<T extends object>(type: ObjectType<T>, id: Uint8Array, fields: Partial<T>): void {
    this.put(type, id, { ...this.read(type, id), ...fields });
  }

  remove<T>(type: ObjectType<T>, id: Uint8Array): void {
    this.tampered = true;
    const draft = new Draft(this.state);
    draft.remove(type, id);
    this.#commit(draft);
  }

  pass(ms: number): void {
    this.time += ms;
  }

  /** Finality stands still for so long: the clocks stop for it when it is a pause. */
  pause(ms: number): void {
    const previousTime = this.time;
    this.time += ms;
    const draft = new Draft(this.state);
    advanceClock(draft.openly(), { height: this.height + 1, time: this.time, previousTime }, this.policy);
    this.#commit(draft);
  }

  /** A checkpoint without calls, in which these seats were heard and these parties’ vertices cost so much. */
  work(heard: readonly SeatName[], charged: { readonly [N in PartyName]?: number } = {}): void {
    const draft = new Draft(this.state);
    const entries = Object.entries(charged) as [PartyName, number][];
    bookWork(draft.openly(), this.epoch, {
      heard: new Set(heard.map((name) => seats.indexOf(name))),
      fees: entries.map(([name, amount]) => ({ party: idOf(name), amount })),
    });
    this.height += 1;
    this.#commit(draft);
  }

  /** Evidence against a seat takes effect, as checkpoint/offences.ts has it. */
  convict(name: SeatName, height = this.height): void {
    const draft = new Draft(this.state);
    const writer = draft.openly();
    const { publicKey } = signerOf(name);
    const proved = { key: publicKey, height, committee: zero32, vertex: zero32, time: this.time };
    writer.put(offenceRecord, offenceId(publicKey, height), { ...proved, kind: 'two-values', forfeited: 0 });
    const before = writer.get(offender, publicKey);
    const first = { party: idOf(name), firstHeight: height, offences: 0, ...before };
    writer.put(offender, publicKey, { ...first, offences: first.offences + 1 });
    this.#commit(draft);
  }

  /** The epoch ends; the same seats go on. */
  endEpoch(): void {
    const draft = new Draft(this.state);
    const ended = { epoch: this.epoch, seats: seatKeys(), withheldUntil: this.time + TRUSTING_MS };
    closeRewards(draft.openly(), ended);
    this.epoch += 1;
    openRewards(draft.openly(), this.epoch, seats.length);
    this.#commit(draft);
  }

  compose<A>(
    declared: Transition<A>,
    args: A,
    by: readonly string[],
    changes: Partial<SignedCall['header']> = {},
  ): SignedCall {
    const number = uint32Bytes(++this.#shared.calls);
    const unsigned = composeCall({
      network,
      transition: declared.name,
      values: declared.args.encodeParts(args),
      salts: [hash('salt', number, asciiBytes('1')), hash('salt', number, asciiBytes('2'))],
      nonce: hash('salt', number).slice(0, 16),
      deadline: this.time + HOUR_MS,
    });
    const call = { ...unsigned, header: { ...unsigned.header, ...changes } };
    const signatures = [...new Set(by)].map((name) => signCall(call, signerOf(name)));
    signatures.sort((a, b) => (toHex(a.key) < toHex(b.key) ? -1 : 1));
    return { ...call, signatures };
  }

  /** Runs a call in a checkpoint of its own. A refusal must be one that the transition declares, and write nothing. */
  execute(call: SignedCall): Outcome {
    this.onCall(call);
    World.onExecute(this, call);
    const id = callId(call.header);
    this.height += 1;
    this.time += 250;
    const draft = new Draft(this.state);
    const refusal = runCall(call, hash('vertex', id), draft, this.environment());
    if (refusal === undefined) this.#commit(draft);
    else {
      const name = call.header.transition;
      const declared = [...commonCodes, ...(transitions.get(name)?.codes ?? [])];
      if (!declared.includes(refusal.code)) throw new Error(`${name} does not declare ${refusal.code}`);
      if (draft.changes().length > 0)
        throw new Error(`${name} was refused with ${refusal.code} and wrote all the same`);
    }
    return { id, refusal, world: this };
  }

  run<A>(declared: Transition<A>, args: A, by: readonly string[]): Outcome {
    return this.execute(this.compose(declared, args, by));
  }

  environment(): CallEnvironment {
    return {
      network,
      time: this.time,
      height: this.height,
      policy: this.policy,
      seating: { epoch: this.epoch, hash: zero32, seats: seatKeys(), quorum: 3 },
      seatRules: seatRulesOf(defaultCommitteeRules, TRUSTING_MS),
      evidence: (proofBytes) =>
        this.#shared.evidence.get(toHex(proofBytes)) ?? refused('E_PROOF', { reason: 'leads nowhere' }),
    };
  }

  /** A reading that is on the ledger; gives the proof that a call cites. */
  reading(options: ReadingOptions): Uint8Array {
    const {
      device: identifier,
      values,
      time = this.time,
      finalTime = this.time,
      gateway = 'monitor gateway',
    } = options;
    const body = {
      device: identifier,
      session: '',
      counter: options.counter ?? ++this.#shared.calls,
      time,
      readings: Object.entries(values).map(([quantity, text]) => ({
        quantity: quantity as QuantityName,
        value: parseDecimal(text)!,
      })),
    };
    const signs = options.signedBy ?? (sensors[identifier]?.[2] ? identifier : undefined);
    const shown: Frame =
      signs === undefined
        ? { ...body, signature: new Uint8Array(0) }
        : signFrame(body, network, signerOf(signs));
    const proofBytes = concatBytes(frame.encode(shown), uint32Bytes(this.#shared.evidence.size));
    this.#shared.evidence.set(toHex(proofBytes), {
      frame: shown,
      gateway: signerOf(gateway).publicKey,
      finalTime,
    });
    return proofBytes;
  }

  /** Weighing and count by two devices of the monitor and the warehouse. */
  count(weightKg: string, packages: number): Uint8Array[] {
    return [
      this.reading({ device: 'scale', values: { weight: weightKg } }),
      this.reading({ device: 'camera', values: { count: String(packages) } }),
    ];
  }
}
