/**
 * What the ledger says of watched goods, with proofs: which pledges they carry, by which trigger rules, what they ought to
 * show, and whose the sensors are. Only what this gateway's party may see: its node opens no more.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { describeRefusal, ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { ObjectReader, ObjectType } from '../../consensus/contracts/object.ts';
import { clock } from '../../consensus/contracts/objects/clock.ts';
import { encumbrance } from '../../consensus/contracts/objects/encumbrance.ts';
import { pledge } from '../../consensus/contracts/objects/pledge.ts';
import { releaseOrder } from '../../consensus/contracts/objects/release-order.ts';
import { triggerSet } from '../../consensus/contracts/objects/trigger-set.ts';
import { unit } from '../../consensus/contracts/objects/unit.ts';
import { device, labelKey, party, type Scheme, sensorFunctions } from '../../consensus/contracts/registry.ts';
import { isControlledBy } from '../../consensus/contracts/rules/affiliation.ts';
import { expectedOf, type Source } from '../../consensus/contracts/triggers/readings.ts';
import type { TriggerRule } from '../../consensus/contracts/triggers/rules.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import type { WatchEntry } from '../../node/config/gateway-config.ts';
import { checkOpenObject } from './answers.ts';
import type { GoodsFacts } from './goods-watch.ts';
import type { Ledger } from './ledger.ts';

/** Chains of control are followed no further than a party's own record shows. */
const CONTROL_DEPTH_MAX = 16;

export interface FactsParts {
  readonly ledger: Ledger;
  readonly network: Uint8Array;
  /** This gateway's key. */
  readonly gateway: Uint8Array;
  /** The network's rules, for pledges without rules of their own. */
  readonly triggers: readonly TriggerRule[];
  /** Checkpoint time of the newest header known, ms. */
  readonly timeMs: number;
}

type Read = <T>(type: ObjectType<T>, id: Uint8Array) => Promise<Partial<T> | undefined>;

/** A refusal on its way out of the questions. */
class Unreadable extends Error {
  readonly refusal: ReturnType<typeof refuse>;

  constructor(refusal: ReturnType<typeof refuse>) {
    super(describeRefusal(refusal));
    this.refusal = refusal;
  }
}

/** Rejects when no node answers; a refusal says what this gateway may not see, or that a node showed what cannot be. */
export async function readGoodsFacts(entry: WatchEntry, parts: FactsParts): Promise<Result<GoodsFacts>> {
  try {
    return ok(await readFacts(entry, parts, reader(parts)));
  } catch (error) {
    if (error instanceof Unreadable) return error.refusal;
    throw error;
  }
}

function reader({ ledger }: FactsParts): Read {
  return async (type, id) => {
    const node = ledger.primary;
    if (node === undefined) throw new Error('no node is connected');
    const height = ledger.heightOf(node);
    const judging = ledger.judging(node);
    const answer = await ledger.ask(node, { type: 'proveObject', objectType: type.name, id });
    const opened = checkOpenObject(answer, { type, id, height }, judging);
    if (opened.ok) return opened.value;
    if (judging.follower.conflict === undefined && opened.code !== 'E_UNKNOWN')
      ledger.distrust(node, `its proof of a ${type.name}: ${describeRefusal(opened)}`);
    throw new Unreadable(opened);
  };
}

async function readFacts(entry: WatchEntry, parts: FactsParts, read: Read): Promise<GoodsFacts> {
  const { network, triggers } = parts;
  const [scheme, label] = [
    entry.goods.slice(0, entry.goods.indexOf(':')),
    entry.goods.slice(entry.goods.indexOf(':') + 1),
  ];
  const id = labelKey(network, scheme as Scheme, label);
  const goods = await read(unit, id);
  if (goods === undefined) throw new Unreadable(refuse('E_NOT_FOUND', { goods: entry.goods }));
  const { owner, quantity } = goods;
  if (owner === undefined || quantity === undefined) throw closed('goods', entry.goods);
  const stated = { quantity, temperature: goods.temperature, transit: goods.transit };
  const running = parts.timeMs - ((await read(clock, zero32))?.pausedMs ?? 0);
  const pledges: { id: string; rules: readonly TriggerRule[]; expected: ReturnType<typeof expectedOf> }[] =
    [];
  for (const { pledge: held } of (await read(encumbrance, id))?.entries ?? []) {
    const found = await read(pledge, held);
    if (found?.state !== 'PERFECTED' && found?.state !== 'WARNED') continue;
    if (found.orders === undefined) throw closed('pledge', toHex(held));
    const own = found.triggers && (await read(triggerSet, found.triggers));
    if (found.triggers !== undefined && own?.rules === undefined)
      throw closed('trigger set', toHex(found.triggers));
    let orderOpen = false;
    for (const order of found.orders) {
      const given = await read(releaseOrder, order);
      orderOpen ||= given?.state === 'OPEN' && (given.expires ?? 0) >= running;
    }
    pledges.push({ id: toHex(held), rules: own?.rules ?? triggers, expected: expectedOf(stated, orderOpen) });
  }
  const sources = new Map<string, Source>();
  for (const name of entry.devices) {
    const source = await readSource(name, owner, parts, read);
    if (source !== undefined) sources.set(name, source);
  }
  return { sources, pledges };
}

/** What a device may say is its owner's affair (V1): of another's the gateway takes any, and the contract decides. */
async function readSource(
  name: string,
  goodsOwner: Uint8Array,
  { network, gateway }: FactsParts,
  read: Read,
): Promise<Source | undefined> {
  const id = labelKey(network, 'device', name);
  const enrolled = await read(device, id);
  if (enrolled?.state !== 'ACTIVE' || enrolled.owner === undefined) return undefined;
  const { owner, functions = sensorFunctions } = enrolled;
  return { device: id, gateway, owner, functions, ownersOwn: await isOwners(owner, goodsOwner, read) };
}

/** By the contract's own rule, over as much of who controls whom as this gateway is shown. */
async function isOwners(owner: Uint8Array, goodsOwner: Uint8Array, read: Read): Promise<boolean> {
  const known = new Map<string, Partial<{ controller: Uint8Array }>>();
  let current = owner;
  for (let depth = 0; depth < CONTROL_DEPTH_MAX; depth++) {
    const found = await read(party, current);
    if (found?.controller === undefined) break;
    known.set(toHex(current), found);
    current = found.controller;
  }
  const shown: ObjectReader = { get: (_, id) => known.get(toHex(id)) as never };
  return isControlledBy(owner, goodsOwner, shown);
}

function closed(what: string, name: string): Unreadable {
  return new Unreadable(
    refuse('E_SCOPE', { reason: `the ${what} is not open to this gateway’s party`, name }),
  );
}
