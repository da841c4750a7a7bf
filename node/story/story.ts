/**
 * Tells a story: carries its steps out one after the other at a host, and holds what comes of them against what is
 * expected. The first step that does not end so ends the story. docs/spec/scenario.md.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { parseDecimal } from '../../consensus/vertex/decimal.ts';
import { eventValue } from '../../light-client/payments/rule.ts';
import { sensorSigner } from '../../light-client/sensors/sensor-key.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import { type Performed, type ShownFrame, StoryError, type StoryHost } from './host.ts';
import type { CallStep, CheckStep, FeedStep, Fields, Step, StoryPlan, WaitStep } from './plan.ts';
import { Sensors, type Speaker } from './readings.ts';
import type { StepReport, StoryResult } from './report.ts';
import { Scope } from './scope.ts';

export interface StoryHooks {
  /** Before a step begins: the place for a fault. */
  before?(step: string): void;
  after?(report: StepReport): void;
}

/** The first step, which no file has to say. */
export const ENROL = 'enrol';
/** Keys of a story's devices are derived from this and their name: whoever reads it has them. */
const KEY_SEED = 'story';

export class Story {
  readonly #plan: StoryPlan;
  readonly #host: StoryHost;
  readonly #hooks: StoryHooks;
  readonly #scope: Scope;
  readonly #sensors: Sensors;
  readonly #speakers: readonly Speaker[];
  /** The newest checkpoint time when a step had ended, ms. */
  readonly #endedAt = new Map<string, number>();
  /** Greatest height of anything so far: what is read afterwards has to know it. */
  #height = 0;
  readonly #result = { effective: 0, refused: 0, frames: 0, checks: 0, proofs: 0 };
  /** When the last exchange was agreed on, and how long those took that were settled, ms. */
  #agreedMs = 0;
  readonly #settledMs: number[] = [];

  constructor(plan: StoryPlan, host: StoryHost, hooks: StoryHooks = {}) {
    this.#plan = plan;
    this.#host = host;
    this.#hooks = hooks;
    this.#scope = new Scope(plan, host);
    this.#speakers = plan.devices.map((device) => ({
      ...device,
      signer: device.key ? sensorSigner(KEY_SEED, device.identifier) : undefined,
    }));
    this.#sensors = new Sensors(plan, host.genesis.network, this.#speakers);
  }

  /** Throws StoryError at the first step that does not end as the file says. */
  async tell(): Promise<StoryResult> {
    const { steps, title } = this.#plan;
    this.#hooks.before?.(ENROL);
    this.#hooks.after?.(await this.#enrol());
    for (const [index, step] of steps.entries()) {
      this.#hooks.before?.(step.name);
      try {
        this.#hooks.after?.(await this.#take(step));
        this.#endedAt.set(step.name, await this.#host.now(this.#height));
      } catch (error) {
        throw new StoryError(`step ${index + 1} (${step.name}): ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
    return { title, steps: steps.length, ...this.#result, settledMs: this.#settledMs };
  }

  async #take(step: Step): Promise<StepReport> {
    const said = { step: step.name, text: step.say };
    switch (step.type) {
      case 'call':
        return { ...said, ...(await this.#call(step)) };
      case 'feed':
        return { ...said, ...(await this.#feed(step)) };
      case 'wait':
        return { ...said, signers: [], ...(await this.#wait(step)) };
      case 'check':
        await this.#check(step);
        return { ...said, signers: [] };
    }
  }

  /** The gateway's key and the devices: owner and monitor sign for each. */
  async #enrol(): Promise<StepReport> {
    const { gateway } = this.#plan;
    const monitor = this.#scope.id(gateway);
    const enrolments: {
      args: Fields;
      transition: string;
      parties: string[];
      keys: StoryHost['gateway'][];
    }[] = this.#speakers.map(({ owner, identifier, functions, signer }) => ({
      transition: 'enrol-device',
      args: {
        ...{ owner: this.#scope.id(owner), monitor, key: signer ? toHex(signer.publicKey) : '' },
        ...{ replaces: false, identifier, functions },
      },
      parties: owner === gateway ? [gateway] : [owner, gateway],
      keys: [],
    }));
    enrolments.unshift({
      transition: 'enrol-key',
      args: { party: monitor, key: toHex(this.#host.gateway.publicKey), kind: 'gateway', monitor },
      parties: [gateway],
      keys: [this.#host.gateway],
    });
    const ended = await Promise.all(enrolments.map((act) => this.#host.perform(act)));
    for (const done of ended) {
      if (done.code !== 'OK') throw new StoryError(`enrolment was refused with ${done.code}`);
      this.#height = Math.max(this.#height, done.height);
    }
    this.#result.effective += ended.length;
    const signers = [...new Set(enrolments.flatMap(({ parties }) => parties))];
    return {
      ...{ step: ENROL, text: `gateway and ${countDevices(this.#speakers.length)} enrolled`, signers },
      ...{ height: this.#height, ms: Math.max(...ended.map(({ ms }) => ms)) },
    };
  }

  async #call(step: CallStep): Promise<Omit<StepReport, 'step' | 'text'> & { text: string }> {
    const events = step.on === undefined ? [undefined] : this.#eventsOf(step.on);
    const ended: Performed[] = [];
    const effective = step.on?.effective;
    if (effective === undefined)
      for (const event of events) ended.push(await this.#perform(step, [step.expect], event?.proof));
    else ended.push(...(await this.#performAtOnce(step, events, effective)));
    const last = ended.at(-1)!;
    this.#scope.setCall(step.name, last.callId);
    const refused = ended.filter(({ code }) => code !== 'OK');
    const some = refused.length === ended.length ? '' : `${refused.length} of ${ended.length} `;
    const [first] = refused;
    const times = ended.map(({ ms }) => ms);
    const refusal = first && `: ${some}refused with ${first.code}${this.#tellConflict(first)}`;
    return {
      text: `${step.say}${refusal ?? ''}`,
      signers: step.by,
      height: last.height,
      ms: effective === undefined ? sumOf(times) : Math.max(...times),
    };
  }

  async #performAtOnce(
    step: CallStep,
    events: readonly (ShownFrame | undefined)[],
    effective: number,
  ): Promise<Performed[]> {
    const codes: readonly Code[] = ['OK', step.expect];
    const ended = await Promise.all(events.map((event) => this.#perform(step, codes, event?.proof)));
    const took = ended.filter(({ code }) => code === 'OK').length;
    if (took !== effective) throw new StoryError(`expected ${effective} to take effect, got ${took}`);
    return ended;
  }

  /** The readings above the trigger's threshold. */
  #eventsOf({ readings, quantity, over, times }: NonNullable<CallStep['on']>): readonly ShownFrame[] {
    const threshold = parseDecimal(over);
    invariant(threshold !== undefined, `${over} was checked to be a decimal`);
    const events = this.#scope
      .readings(readings)
      .filter(({ frame }) => eventValue({ quantity, over: threshold }, frame) !== undefined);
    if (events.length !== times)
      throw new StoryError(`expected ${times} readings of ${quantity} above ${over}, got ${events.length}`);
    return events;
  }

  /** Carried through to its outcome, which must be one of `codes`. */
  async #perform(step: CallStep, codes: readonly Code[], event: string | undefined): Promise<Performed> {
    const nowMs = await this.#host.now(this.#height);
    const parties = step.by.filter((name) => this.#plan.cast.some((member) => member.name === name));
    const speakers = this.#speakers.filter(({ name }) => step.by.includes(name));
    const keys = speakers.flatMap(({ signer }) => signer ?? []);
    const args = this.#scope.resolve(step.args, nowMs, event) as Fields;
    const done = await this.#host.perform({ transition: step.transition, args, parties, keys });
    this.#height = Math.max(this.#height, done.height);
    if (!codes.includes(done.code))
      throw new StoryError(`expected ${step.expect}, got ${done.code}${this.#tellConflict(done)}`);
    if (step.conflict !== undefined) {
      const wanted = this.#scope.resolve(step.conflict, nowMs);
      if (done.conflict !== wanted)
        throw new StoryError(
          `expected ${step.conflict} in the way, got ${this.#inTheWay(done) ?? 'nothing'}`,
        );
    }
    if (done.code === 'OK') {
      this.#noteSettlement(step.transition);
      this.#result.effective += 1;
    } else this.#result.refused += 1;
    await this.#prove(step, done, [...parties, ...speakers.map(({ owner }) => owner)]);
    return done;
  }

  #noteSettlement(transition: string): void {
    const nowMs = this.#host.clockMs();
    if (transition === 'open-swap') this.#agreedMs = nowMs;
    if (transition === 'settle-swap') this.#settledMs.push(nowMs - this.#agreedMs);
  }

  async #prove(step: CallStep, { vertex }: Performed, parties: readonly string[]): Promise<void> {
    const bundle = await this.#host.prove(step.name, vertex, parties);
    if (bundle === undefined) return;
    const { verdict, facts } = verifyBundle(bundle, this.#host.genesis, { nowMs: this.#host.clockMs() });
    if (verdict !== 'valid')
      throw new StoryError(`its proof is ${verdict}: ${facts.find(({ ok }) => !ok)?.text}`);
    this.#result.proofs += 1;
  }

  async #feed(step: FeedStep): Promise<Omit<StepReport, 'step' | 'text'> & { text: string }> {
    const startMs = this.#host.clockMs();
    const frames = this.#sensors.frames(step, await this.#host.now(this.#height));
    const shown = await this.#host.feed(frames);
    this.#result.frames += shown.length;
    const devices = step.programmes.map(({ device }) => device);
    this.#scope.setReadings(
      step.name,
      new Map(devices.map((device, i) => [device, shown.slice(i * step.count, (i + 1) * step.count)])),
    );
    const text = `${step.say} (${shown.length} ${shown.length === 1 ? 'frame' : 'frames'})`;
    return {
      text,
      signers: devices.filter((name) => this.#isSigning(name)),
      ms: this.#host.clockMs() - startMs,
    };
  }

  #isSigning(device: string): boolean {
    return this.#speakers.find(({ name }) => name === device)?.signer !== undefined;
  }

  async #wait({ forMs, since }: WaitStep): Promise<{ readonly ms: number }> {
    const startMs = this.#host.clockMs();
    const fromMs = since === undefined ? undefined : this.#endedAt.get(since);
    await this.#host.reach((fromMs ?? (await this.#host.now(this.#height))) + forMs);
    return { ms: this.#host.clockMs() - startMs };
  }

  async #check({ object, id, by, fields }: CheckStep): Promise<void> {
    const nowMs = await this.#host.now(this.#height);
    const key = this.#scope.resolve(id, nowMs);
    invariant(typeof key === 'string', `${id} is one id`);
    const found = await this.#host.read(object, key, by, this.#height);
    if (fields === undefined) {
      if (found !== undefined) throw new StoryError(`expected no ${object}, got ${JSON.stringify(found)}`);
    } else if (found === undefined) throw new StoryError(`${by} finds no such ${object}`);
    else {
      const wanted = this.#scope.resolve(fields, nowMs) as Fields;
      for (const [field, value] of Object.entries(wanted))
        if (!fits(value, found[field] ?? null))
          throw new StoryError(
            `${object}.${field}: expected ${JSON.stringify(value)}, got ${JSON.stringify(found[field] ?? null)}`,
          );
    }
    this.#result.checks += 1;
  }

  #tellConflict(done: Performed): string {
    const found = this.#inTheWay(done);
    return found === undefined ? '' : ` because of ${found}`;
  }

  /** Name of what stood in the way, or the beginning of its id. */
  #inTheWay({ conflict }: Performed): string | undefined {
    if (/^0*$/.test(conflict)) return undefined;
    return this.#scope.nameOf(conflict) ?? `${conflict.slice(0, 16)}…`;
  }
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Whether `found` says what is wanted: of records at least that, of lists member by member. */
export function fits(wanted: Json, found: Json): boolean {
  if (typeof wanted !== 'object' || wanted === null) return wanted === found;
  if (typeof found !== 'object' || found === null || Array.isArray(wanted) !== Array.isArray(found))
    return false;
  if (Array.isArray(wanted) && wanted.length !== (found as readonly Json[]).length) return false;
  return Object.entries(wanted).every(([field, value]) =>
    fits(value as Json, (found as Fields)[field] ?? null),
  );
}

function countDevices(count: number): string {
  return count === 1 ? '1 device' : `${count} devices`;
}
