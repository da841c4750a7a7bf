/**
 * One real ledger with one seat, in one process, and every stakeholder's services over it: what each may see, do and
 * prove, without a network between them. Calls are composed, signed and submitted as at a node's API.
 */

import {
  checkGenesis,
  defaultCommitteeRules,
  defaultPace,
  type Genesis,
  type Pace,
} from '../../consensus/checkpoint/genesis.ts';
import { toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { describeRefusal, type Result } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { transitions } from '../../consensus/contracts/index.ts';
import { defaultPolicy, type Policy } from '../../consensus/contracts/policy.ts';
import { chain, labelKey, type Role } from '../../consensus/contracts/registry.ts';
import { type Signer, SUITE } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { historyPath } from '../../consensus/merkle/history.ts';
import { batch, batchHash, makeBatch } from '../../consensus/vertex/batch.ts';
import { type SignedCall, signCall } from '../../consensus/vertex/call.ts';
import { parseDecimal } from '../../consensus/vertex/decimal.ts';
import { type Frame, signFrame } from '../../consensus/vertex/frame.ts';
import type { QuantityName } from '../../consensus/vertex/quantities.ts';
import { encodeVertex, signVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { AnchorProof } from '../../light-client/proof/anchor.ts';
import { type Verification, verifyBundle } from '../../light-client/verify/verify.ts';
import { installNativePrimitives, nativeSigner, randomPort, systemClock } from '../crypto/native.ts';
import type { ApiServices } from '../http/services.ts';
import { memoryStore } from '../memory-store.ts';
import type { Clock, Network, Store } from '../ports.ts';
import type { Notice, Reply } from '../replica/events.ts';
import { Replica } from '../replica/replica.ts';
import { restore } from '../restore.ts';
import { Runner } from '../runner.ts';
import { makeServices } from '../service/services.ts';
import type { FinalOutcome } from '../service/submissions.ts';
import { watchStore } from '../service/watched-store.ts';
import { systemTimers } from '../system-timers.ts';
import { leiOf, until } from './local-nodes.ts';
import { noMessageKeys } from './no-message-keys.ts';

const cast = {
  bank: 'bank',
  monitor: 'monitor',
  enterprise: 'enterprise',
  warehouse: 'warehouse',
  rival: 'bank',
  buyer: 'enterprise',
} as const satisfies { readonly [name: string]: Role };
export type Name = keyof typeof cast;
export const names = Object.keys(cast) as Name[];

const DAY_MS = 86_400_000;
/** No test of this ledger is about allowances. */
const AUTHOR_PER_S = 100_000;
/** More than any batch of a test has. */
const FRAMES_MAX = 1_000;
const GRAMS = 1_000_000;
const PACKAGES = 40;
/** Minor units for one tonne. */
export const PRICE = 520_000;

const secretOf = (name: string): Uint8Array => hash('label', new TextEncoder().encode(name));
const noNetwork: Network = {
  peers: [],
  send: () => undefined,
  gossip: () => undefined,
  pushToLightClients: () => undefined,
  close: async () => undefined,
};

export interface ActedCall {
  readonly callId: string;
  readonly vertex: string;
  readonly outcome: FinalOutcome;
}

/** What it runs on, where that is not memory and this machine's clock. */
export interface World {
  readonly disk?: Store;
  readonly clock?: Clock;
  readonly genesisMs?: number;
  readonly pace?: Partial<Pace>;
  /** Done before anything happens. */
  readonly prepare?: (runner: Runner) => Promise<void>;
  readonly onNotice?: (notice: Notice) => void;
  readonly onHalt?: (error: Error) => void;
}

type Args = { readonly [field: string]: Json };

export class SharedLedger {
  readonly genesis: Genesis;
  readonly runner: Runner;
  readonly services: { readonly [N in Name]: ApiServices };
  readonly #gateway: Signer;
  readonly #scale: Signer;
  #counter = 0;
  #last: Pick<Vertex, 'sequence' | 'id'> | undefined;

  private constructor(
    genesis: Genesis,
    runner: Runner,
    services: { readonly [N in Name]: ApiServices },
    gateway: Signer,
    scale: Signer,
  ) {
    this.genesis = genesis;
    this.runner = runner;
    this.services = services;
    this.#gateway = gateway;
    this.#scale = scale;
  }

  static async start(
    policy: Partial<Policy> = {},
    {
      disk = memoryStore(),
      clock = systemClock,
      genesisMs = Date.now() - 1_000,
      pace = {},
      prepare,
      onNotice,
      onHalt,
    }: World = {},
  ): Promise<SharedLedger> {
    installNativePrimitives();
    const signers = names.map((name) => nativeSigner(secretOf(name)));
    const checked = checkGenesis({
      ...{ suite: SUITE, name: 'shared', time: genesisMs, seats: [signers[0]!.publicKey] },
      ...{ policy: { ...defaultPolicy, ...policy }, committee: defaultCommitteeRules },
      pace: { ...defaultPace, checkpointIntervalMs: 5, heartbeatMs: 100, ...pace },
      parties: names.map((name, i) => ({
        ...{ lei: leiOf(i), name, address: '1 Test Road' },
        ...{ roles: [cast[name]], keys: [signers[i]!.publicKey] },
      })),
    });
    if (!checked.ok) throw new Error(describeRefusal(checked));
    const genesis = checked.value;
    const store = watchStore(disk);
    const replica = new Replica(await restore(genesis, signers[0]!, store, 1), { authorPerS: AUTHOR_PER_S });
    const all: ApiServices[] = [];
    const runner = new Runner(
      replica,
      { store, network: noNetwork, clock, timers: systemTimers(clock) },
      {
        onNotice: (notice) => {
          const changes = notice.type === 'checkpoint' ? store.takeChanges(notice.header.height) : [];
          for (const services of all) {
            if (notice.type === 'checkpoint') services.head.advance(notice);
            services.submissions.note(notice);
            services.feed.note(notice, changes);
          }
          onNotice?.(notice);
        },
        onHalt:
          onHalt ??
          ((error) => {
            throw error;
          }),
      },
    );
    for (const [i, name] of names.entries()) {
      const { services } = makeServices({
        ...{ name, alone: true, runner, store, signer: signers[i]!, network: noNetwork },
        ...{ clock, random: randomPort(), startedMs: Date.now() },
        messageKeys: await noMessageKeys(),
      });
      all.push(services);
    }
    const byName = Object.fromEntries(names.map((name, i) => [name, all[i]!])) as {
      readonly [N in Name]: ApiServices;
    };
    const [gateway, scale] = ['gateway', 'scale'].map((name) => nativeSigner(secretOf(name)));
    const ledger = new SharedLedger(genesis, runner, byName, gateway!, scale!);
    await prepare?.(runner);
    runner.dispatch({ type: 'tick' });
    await until('a checkpoint is certified', () => byName.bank.head.height > 0);
    const said = replica.ledger.state.get(chain, gateway!.publicKey);
    if (said === undefined) await ledger.#enrolSensors();
    else ledger.#goOn(said.lastSequence, said.lastId);
    return ledger;
  }

  stop(): Promise<void> {
    return this.runner.stop();
  }

  get height(): number {
    return this.services.bank.head.height;
  }

  signer(name: Name): Signer {
    return nativeSigner(secretOf(name));
  }

  party(name: Name): string {
    return toHex(labelKey(this.genesis.network, 'lei', this.lei(name)));
  }

  lei(name: Name): string {
    return leiOf(names.indexOf(name));
  }

  verify(bundle: Uint8Array, options: { nowMs?: number; maxAgeMs?: number } = {}): Verification {
    return verifyBundle(bundle, this.genesis, {
      ...{ nowMs: Date.now(), declarations: transitions, ...options },
    });
  }

  /** From the header at `height` into the history of the newest certified one. */
  async anchor(height: number): Promise<AnchorProof> {
    const { store, head } = this.services.bank;
    const certified = head.certified!;
    const nodes = new Map<string, Uint8Array>();
    const gather = (level: number, index: number): Uint8Array => nodes.get(`${level}/${index}`) ?? zero32;
    const wanted: [number, number][] = [];
    historyPath(height, certified.header.height, (level, index) => {
      wanted.push([level, index]);
      return zero32;
    });
    for (const [level, index] of wanted)
      nodes.set(`${level}/${index}`, (await store.historyNode(level, index))!);
    return { certified, path: historyPath(height, certified.header.height, gather) };
  }

  /** Composes a call at the first signer's node and has it signed by each. */
  async compose(by: readonly Name[], transition: string, args: Args): Promise<SignedCall> {
    let call = value(await this.services[by[0]!].calls.compose(transition, args), transition);
    for (const name of by) call = value(this.services[name].calls.sign(call), transition);
    return call;
  }

  /** Submits and waits for the outcome. */
  async submit(by: Name, call: SignedCall): Promise<ActedCall> {
    const { submissions } = this.services[by];
    const { vertex, callId } = value(await submissions.submit(call), 'submit');
    const known = await submissions.wait(vertex, 60_000);
    if (known?.outcome == null) throw new Error(`${call.header.transition} is not final`);
    return { callId, vertex, outcome: known.outcome };
  }

  /** The bank alone has a node that writes; who signs does not depend on who submits. */
  async act(by: readonly Name[], transition: string, args: Args): Promise<ActedCall> {
    return this.submit('bank', await this.compose(by, transition, args));
  }

  /** The same, and it must take effect. */
  async succeed(by: readonly Name[], transition: string, args: Args): Promise<ActedCall> {
    const acted = await this.act(by, transition, args);
    const { code } = acted.outcome;
    if (code !== 'OK') throw new Error(`${transition}: ${code}, ${acted.outcome.conflict}`);
    return acted;
  }

  async #enrolSensors(): Promise<void> {
    const party = this.party('monitor');
    const key = toHex(this.#gateway.publicKey);
    const enrol = await this.compose(['monitor'], 'enrol-key', {
      ...{ party, key, kind: 'gateway', monitor: party, replaces: null },
    });
    const signatures = [...enrol.signatures, signCall(enrol, this.#gateway)];
    signatures.sort((a, b) => (toHex(a.key) < toHex(b.key) ? -1 : 1));
    await this.submit('bank', { ...enrol, signatures });
    const scale = toHex(this.#scale.publicKey);
    for (const [identifier, functions, deviceKey] of [
      ['scale-1', ['weigher'], scale],
      ['camera-1', ['camera'], ''],
    ] as const) {
      await this.succeed(['monitor'], 'enrol-device', {
        ...{ owner: party, monitor: party, key: deviceKey, replaces: false, identifier, functions },
      });
    }
  }

  /** On a ledger of an earlier life: the gateway's chain, and counters that no frame had. */
  #goOn(sequence: number, id: Uint8Array): void {
    this.#last = { sequence, id };
    this.#counter = sequence * FRAMES_MAX;
  }

  /** A batch of a weighing and a count, final; its vertex. */
  async measure(weightKg = '1000', count = PACKAGES): Promise<string> {
    const { network } = this.genesis;
    const body = (device: string, quantity: QuantityName, text: string) => ({
      ...{ device, session: '', counter: ++this.#counter, time: Date.now() },
      readings: [{ quantity, value: parseDecimal(text)! }],
    });
    const frames: Frame[] = [
      signFrame(body('scale-1', 'weight', weightKg), network, this.#scale),
      { ...body('camera-1', 'count', String(count)), signature: new Uint8Array(0) },
    ];
    const { key } = await this.#handIn(frames);
    await until(
      'the batch is final',
      async () => (await this.services.bank.store.position(key)) !== undefined,
    );
    return key;
  }

  /** A batch of so many frames of 0.4 KiB that nobody needs, handed in; its vertex, and what the node says to it. */
  pile(frames: number): Promise<{ readonly key: string; readonly reply: Reply }> {
    const reading = { quantity: 'temperature' as const, value: parseDecimal('21.5')! };
    const readings = Array.from({ length: limits.readingsPerFrameMax }, () => reading);
    const body = { device: 'camera-1', session: '', readings, signature: new Uint8Array(0) };
    return this.#handIn(
      Array.from({ length: frames }, () => ({ ...body, counter: ++this.#counter, time: Date.now() })),
    );
  }

  /** What is refused the gateway keeps: the next batch takes its place. */
  async #handIn(frames: readonly Frame[]): Promise<{ readonly key: string; readonly reply: Reply }> {
    const made = makeBatch(frames, hash('salt', uint32Bytes(this.#counter)));
    const before = this.#last;
    const vertex = signVertex(
      {
        ...{ network: this.genesis.network, sequence: (before?.sequence ?? 0) + 1 },
        ...{ previous: before?.id ?? zero32, checkpoint: this.runner.replica.ledger.headerId },
        ...{ parents: [], time: Date.now(), kind: 'readings', payloadHash: batchHash(made) },
      },
      batch.encode(made),
      this.#gateway,
    );
    this.#last = vertex;
    const reply = await this.runner.dispatchDurable({ type: 'submit', envelope: encodeVertex(vertex) });
    // Others may be on their way, and be refused as well, since they stand on this one.
    if (reply.type === 'refused' && vertex.sequence <= this.#last.sequence) this.#last = before;
    return { key: vertex.key, reply };
  }

  /** The readings of a batch, as arguments name them. */
  async evidence(label = ''): Promise<string[]> {
    const vertex = await this.measure(undefined, packagesOf(label));
    return [`reading:${vertex}/0`, `reading:${vertex}/1`];
  }

  async register(label: string): Promise<ActedCall> {
    return this.succeed(['monitor', 'warehouse', 'enterprise'], 'register-goods', {
      ...{ scheme: schemeOf(label), label: label.replace('giai:', ''), gln: '4012345000009', zone: 'bay-7' },
      ...{
        goods: 'Butter',
        quantity: GRAMS,
        packages: packagesOf(label),
        temperature: null,
        receiptsByMonitor: false,
      },
      owner: this.party('enterprise'),
      custodian: this.party('warehouse'),
      monitor: this.party('monitor'),
      evidence: await this.evidence(label),
    });
  }

  issueReceipt(label: string): Promise<ActedCall> {
    const now = Date.now();
    return this.succeed(['warehouse', 'monitor', 'enterprise'], 'issue-receipt', {
      ...{ pledge: null, unit: `sscc:${label}`, quantity: GRAMS, packages: PACKAGES },
      ...{ specification: '82 % fat', quality: 'first', marks: 'BU 1-40', issuePlace: 'Hall 6' },
      ...{ permittedLossBp: 10, storageFrom: now - 1_000, storageUntil: now + 180 * DAY_MS },
      ...{ charges: 'EUR 4.20', lienAmount: 0, lienCurrency: '', insurer: 'Mutual' },
      ...{ insuredAmount: 6_000_000, insuredCurrency: 'EUR', insuredFrom: now - DAY_MS },
      ...{ insuredUntil: now + 365 * DAY_MS, delivery: 'order', deliverTo: 'the depositor' },
      ...{ commingling: false, issuerInterest: 'none' },
    });
  }

  /** A loan of `bank` against the goods, approved at the whole lendable value: 296,400. */
  async approve(label: string, bank: 'bank' | 'rival' = 'bank', limit = 296_400) {
    const unit = nameOf(label);
    const order = await this.succeed(['monitor'], 'order-receipt', {
      ...{ predecessor: null, unit, pledgee: this.party(bank), specification: '82 %', position: 'row 1' },
      ...{ condition: 'cold', orderNumber: 'PO-1', amount: 500_000, currency: 'EUR' },
    });
    const loan = await this.succeed(['enterprise'], 'apply', {
      ...{ applicant: this.party('enterprise'), bank: this.party(bank), lei: this.lei('enterprise') },
      ...{ amount: 300_000, currency: 'EUR', maturity: Date.now() + 90 * DAY_MS },
      ...{ orders: ['PO-1'], units: [unit] },
    });
    const grant = await this.succeed([bank, 'enterprise'], 'authorise', {
      ...{ loan: loan.callId, scope: [unit], kinds: ['status'], purpose: 'credit' },
      ...{ expires: Date.now() + DAY_MS, appraiser: null },
    });
    const status = await this.succeed(['monitor'], 'supply-status', {
      ...{ grant: grant.callId, unit, evidence: await this.evidence(label), orderReceipt: order.callId },
      ...{ condition: 'good', asOf: this.runner.replica.ledger.header.time },
    });
    const evaluation = await this.succeed([bank], 'evaluate', {
      ...{ loan: loan.callId, evaluator: this.party(bank), priceTime: Date.now() - 60_000 },
      ...{ fxNumerator: 1, fxDenominator: 1, haircutBp: 500, fxHaircutBp: 0, loanToValueBp: 6_000 },
      lines: [{ status: status.callId, quantity: GRAMS, price: PRICE, pricedQuantity: 1_000_000 }],
    });
    const ids = { order, loan: loan.callId, grant: grant.callId, evaluation: evaluation.callId };
    if (limit > 0) await this.decide(ids, limit, bank);
    return ids;
  }

  decide(
    ids: { readonly loan: string; readonly grant: string; readonly evaluation: string },
    limit: number,
    bank: 'bank' | 'rival' = 'bank',
  ): Promise<ActedCall> {
    const { grant, evaluation } = ids;
    const until = Date.now() + DAY_MS;
    return this.act([bank], 'decide', {
      loan: ids.loan,
      decision: { type: 'approve', grant, evaluation, limit, until },
    });
  }

  agree(label: string, loan: string, receipt: string | null = null): Promise<ActedCall> {
    return this.succeed(['enterprise', 'bank'], 'agree-pledge', {
      ...{ unit: nameOf(label), quantity: GRAMS, receipt, behind: null, line: null, loan },
      ceiling: 400_000,
    });
  }

  async perfect(pledge: string, label?: string): Promise<ActedCall> {
    return this.succeed(['monitor', 'warehouse', 'bank'], 'perfect-pledge', {
      ...{ pledge, registration: null, evidence: await this.evidence(label) },
    });
  }

  draw(loan: string, principal: number): Promise<ActedCall> {
    return this.act(['bank', 'enterprise'], 'draw', {
      ...{ loan, principal, interest: 0, costs: 0, reference: 'PAY-1', money: null },
    });
  }

  statePrice(label: string, price = PRICE, by: 'bank' | 'rival' = 'bank'): Promise<ActedCall> {
    return this.succeed([by], 'state-price', {
      ...{
        unit: nameOf(label),
        statedBy: this.party(by),
        currency: 'EUR',
        price,
        pricedQuantity: 1_000_000,
      },
      ...{ haircutBp: 500, asOf: this.runner.replica.ledger.header.time, source: 'the exchange' },
    });
  }
}

/** Goods are named by an SSCC, or with their scheme: a machine or vehicle, `giai:…`, is one package. */
const schemeOf = (label: string): 'sscc' | 'giai' => (label.startsWith('giai:') ? 'giai' : 'sscc');
const nameOf = (label: string): string => (schemeOf(label) === 'giai' ? label : `sscc:${label}`);
const packagesOf = (label: string): number => (schemeOf(label) === 'giai' ? 1 : PACKAGES);

export function value<T>(result: Result<T>, what = 'expected a value'): T {
  if (!result.ok) throw new Error(`${what}: ${describeRefusal(result)}`);
  return result.value;
}
