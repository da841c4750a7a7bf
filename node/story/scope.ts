/** What the names of a story stand for on a ledger, as far as it has been told. */

import { createHash } from 'node:crypto';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { accountId, moneyId } from '../../consensus/contracts/objects/money.ts';
import { thingResultId } from '../../consensus/contracts/objects/thing-result.ts';
import { virtualAccountId } from '../../consensus/contracts/objects/virtual-account.ts';
import { zoneId } from '../../consensus/contracts/objects/zone.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { childId } from '../../consensus/contracts/rules/warnings.ts';
import { type ShownFrame, StoryError, type StoryHost } from './host.ts';
import type { Named, StoryPlan } from './plan.ts';
import { parseReference, pick, resolveReferences } from './references.ts';

export class Scope {
  readonly #plan: StoryPlan;
  readonly #host: Pick<StoryHost, 'leiOf' | 'genesis'>;
  /** By name: ids in hexadecimal. */
  readonly #ids = new Map<string, string>();
  /** By feed, then by device. */
  readonly #readings = new Map<string, ReadonlyMap<string, readonly ShownFrame[]>>();

  constructor(plan: StoryPlan, host: Pick<StoryHost, 'leiOf' | 'genesis'>) {
    this.#plan = plan;
    this.#host = host;
    const { network } = host.genesis;
    for (const { name } of plan.cast) this.setCall(name, toHex(labelKey(network, 'lei', host.leiOf(name))));
    for (const { name, identifier } of plan.devices)
      this.setCall(name, toHex(labelKey(network, 'device', identifier)));
    for (const [name, entry] of Object.entries(plan.names)) this.setCall(name, toHex(this.#named(entry)));
  }

  id(name: string): string {
    const id = this.#ids.get(name);
    invariant(id !== undefined, `${name} was checked to have an id`);
    return id;
  }

  setCall(name: string, id: string): void {
    this.#ids.set(name, id);
  }

  setReadings(feed: string, byDevice: ReadonlyMap<string, readonly ShownFrame[]>): void {
    this.#readings.set(feed, byDevice);
  }

  /** Name of the step that made the object of this id, if one did. */
  nameOf(id: string): string | undefined {
    for (const [name, known] of this.#ids) if (known === id) return name;
    return undefined;
  }

  /** `json` with all references resolved. `event`: the proof that `$event` stands for. */
  resolve(json: Json, nowMs: number, event?: string): Json {
    return resolveReferences(json, (text) => {
      if (text === '$event' && event !== undefined) return event;
      const reference = parseReference(text);
      invariant(reference !== undefined, `${text} was checked to be a reference`);
      if (reference.type === 'now') return nowMs + reference.offsetMs;
      const { name, single } = reference;
      if (!this.#readings.has(name)) return this.#idOf(name, reference);
      const proofs = this.readings(text).map(({ proof }) => proof);
      return single ? proofs[0]! : proofs;
    });
  }

  /** Of a call, a party or a device; an LEI, or a child of a call: a tranche, a part of a receipt. */
  #idOf(
    name: string,
    {
      part,
      range,
    }: { readonly part: string | undefined; readonly range: readonly [number, number] | undefined },
  ): string {
    if (part === 'lei') return this.#host.leiOf(name);
    return range === undefined ? this.id(name) : toHex(childId(fromHex(this.id(name))!, range[0]));
  }

  /** The readings that a reference to a feed names. */
  readings(text: string): readonly ShownFrame[] {
    const reference = parseReference(text);
    const byDevice = reference?.type === 'name' ? this.#readings.get(reference.name) : undefined;
    if (reference?.type !== 'name' || byDevice === undefined)
      throw new StoryError(`${text} names no readings`);
    const { part, range } = reference;
    const all = part === undefined ? [...byDevice.values()].flat() : (byDevice.get(part) ?? []);
    const picked = range === undefined ? all : pick(all, range);
    if (picked === undefined) throw new StoryError(`${text}: there are ${all.length} readings`);
    return picked;
  }

  #named(entry: Named): Uint8Array {
    const { network } = this.#host.genesis;
    switch (entry.type) {
      case 'label':
        return labelKey(network, entry.scheme, entry.label);
      case 'zone':
        return zoneId(network, entry.gln, entry.zone);
      case 'money':
        return moneyId(fromHex(this.id(entry.issuer))!, entry.currency);
      case 'account': {
        const money = this.#named(this.#plan.names[entry.money]!);
        const of = fromHex(this.id(entry.of))!;
        const isDevice = this.#plan.devices.some(({ name }) => name === entry.of);
        return isDevice ? virtualAccountId(of, money) : accountId(money, of);
      }
      case 'result': {
        const { owner } = this.#plan.devices.find(({ name }) => name === entry.of)!;
        const [thing, of] = [entry.of, owner].map((name) => fromHex(this.id(name))!);
        return thingResultId(thing!, of!, this.#named(this.#plan.names[entry.money]!));
      }
      case 'document':
        return new Uint8Array(createHash('sha256').update(entry.text).digest());
    }
  }
}
