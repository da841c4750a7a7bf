/**
 * What the ledger says of devices, with proofs, remembered durably: a gateway without an uplink goes on taking what
 * the devices it knows say. Looked up again after a while, so that a revocation is noticed.
 */

import { describeRefusal } from '../../consensus/codec/result.ts';
import { device, hasExpired, labelKey } from '../../consensus/contracts/registry.ts';
import type { Clock } from '../../node/ports.ts';
import type { Device } from '../intake/intake.ts';
import { type Database, keyOf, put } from '../outbox/database.ts';
import { decodeOwn, type KnownDevice, knownDevice } from '../outbox/records.ts';
import { checkObjectAnswer } from './answers.ts';
import type { Ledger } from './ledger.ts';

/** How old a good answer may become before it is asked for again, beside the frames that it lets in meanwhile. */
const REFRESH_MS = 60_000;
/** How long a device that is not enrolled is refused without asking. */
const ABSENT_MS = 3_000;
const DEVICES_MAX = 65_536;
const ABSENT_MAX = 10_000;
const ASKING_MAX = 16;

export class Devices {
  readonly #network: Uint8Array;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #known = new Map<string, KnownDevice>();
  /** Devices that are not enrolled, and until when that is believed. */
  readonly #absent = new Map<string, number>();
  readonly #asking = new Map<string, Promise<boolean>>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #ledger: Ledger | undefined;

  private constructor(network: Uint8Array, database: Database, clock: Clock) {
    this.#network = network;
    this.#database = database;
    this.#clock = clock;
  }

  static async open(network: Uint8Array, database: Database, clock: Clock): Promise<Devices> {
    const devices = new Devices(network, database, clock);
    for await (const [rest, value] of database.entries('device')) {
      const name = new TextDecoder().decode(rest);
      devices.#known.set(name, decodeOwn(knownDevice, value, `device ${name}`));
    }
    return devices;
  }

  /** Whom to ask, from now on. */
  set ledger(ledger: Ledger) {
    this.#ledger = ledger;
  }

  get size(): number {
    return this.#known.size;
  }

  /** The device as it is known; `undefined` when it is not enrolled, or was never asked about. */
  find(name: string): Device | undefined {
    const known = this.#known.get(name);
    if (known === undefined) return undefined;
    // An old answer serves until there is a new one.
    if (this.#clock.now() - known.checkedMs > REFRESH_MS && this.#ledger?.primary !== undefined)
      void this.#lookUp(name);
    return { publicKey: known.key.length === 0 ? undefined : known.key, active: known.active };
  }

  /** Whether the ledger's word on this device is known: enrolled, or not. */
  isResolved(name: string): boolean {
    return this.#known.has(name) || (this.#absent.get(name) ?? 0) > this.#clock.now();
  }

  /** Asks about those not resolved; true when all of them are resolved then. */
  async resolve(names: Iterable<string>): Promise<boolean> {
    const asked = Array.from(names, (name) => (this.isResolved(name) ? true : this.#lookUp(name)));
    return (await Promise.all(asked)).every(Boolean);
  }

  #lookUp(name: string): Promise<boolean> {
    const under = this.#asking.get(name);
    if (under !== undefined) return under;
    const asking = this.#ask(name).catch(() => false);
    this.#asking.set(name, asking);
    void asking.then(() => this.#asking.delete(name));
    return asking;
  }

  /** True once the ledger's word is known. */
  async #ask(name: string): Promise<boolean> {
    const ledger = this.#ledger;
    if (ledger?.primary === undefined) return false;
    if (this.#busy < ASKING_MAX) this.#busy += 1;
    // Whoever ends hands its place on.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await this.#askNow(ledger, name);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy -= 1;
      else next();
    }
  }

  async #askNow(ledger: Ledger, name: string): Promise<boolean> {
    const node = ledger.primary;
    if (node === undefined) return false;
    const id = labelKey(this.#network, 'device', name);
    const height = ledger.heightOf(node);
    const judging = ledger.judging(node);
    const answer = await ledger.ask(node, { type: 'proveObject', objectType: device.name, id });
    const checked = checkObjectAnswer(answer, { type: device, id, height }, judging);
    if (!checked.ok) {
      if (judging.follower.conflict === undefined)
        ledger.distrust(node, `its proof of device ${name}: ${describeRefusal(checked)}`);
      return false;
    }
    const { value, proof } = checked.value;
    const foundHeight = proof.header.height;
    // A node that lags shows what was true once.
    if (foundHeight < (this.#known.get(name)?.height ?? 0)) return true;
    if (value === undefined) this.#noteAbsent(name);
    else
      this.#note(name, {
        key: value.key,
        active: value.state === 'ACTIVE' && !hasExpired(value, proof.header),
        height: foundHeight,
        checkedMs: this.#clock.now(),
      });
    return true;
  }

  #note(name: string, found: KnownDevice): void {
    this.#absent.delete(name);
    // Oldest first: what was looked up last is dropped last.
    this.#known.delete(name);
    if (this.#known.size >= DEVICES_MAX) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(name, found);
    void this.#database
      .write([put(keyOf('device', new TextEncoder().encode(name)), knownDevice.encode(found))], false)
      .catch(() => {});
  }

  #noteAbsent(name: string): void {
    if (this.#absent.size >= ABSENT_MAX) this.#absent.clear();
    this.#absent.set(name, this.#clock.now() + ABSENT_MS);
  }
}
