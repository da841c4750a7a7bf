/** Checks the steps of a story against each other and against what the contracts know, before anything is told. */

import type { z } from 'zod';
import { type Code, codes } from '../../consensus/codec/codes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { transitions } from '../../consensus/contracts/index.ts';
import { objectTypes } from '../../consensus/contracts/views.ts';
import { type QuantityName, quantities } from '../../consensus/vertex/quantities.ts';
import { argsJsonSchema } from '../service/call-args.ts';
import {
  type CallStep,
  type CheckStep,
  type FeedStep,
  type Fields,
  type Step,
  type StoryPlan,
  sensorTimeMs,
  type Trigger,
  type WaitStep,
} from './plan.ts';
import { parseReference, referencesIn } from './references.ts';
import { stepSchemas, type Verb, verbs, type WrittenStep } from './step-schemas.ts';

export interface Fault {
  /** `step 4 (register), args.quantity`. */
  readonly where: string;
  readonly what: string;
}
type Setting = Omit<StoryPlan, 'steps'>;
type Say = (key: string, what: string) => void;

const EVENT = '$event';
const CHILD = 'child';
const READINGS_MAX = 10_000;

/** The steps that are sound; for the others there are faults. */
export function checkSteps(setting: Setting, written: readonly Fields[], faults: Fault[]): readonly Step[] {
  const checker = new StepChecker(setting, faults);
  const steps = written.flatMap((step, index) => checker.check(step, index + 1) ?? []);
  const needMs = sensorTimeMs({ steps });
  if (needMs > 0 && setting.policy.evidenceAgeMs <= needMs)
    faults.push({
      where: 'policy.evidenceAgeMs',
      what: `the sensors live through ${needMs} ms: expected more`,
    });
  return steps;
}

class StepChecker {
  readonly #faults: Fault[];
  readonly #cast: ReadonlySet<string>;
  /** Devices, and whether each has a key. */
  readonly #devices: ReadonlyMap<string, boolean>;
  /** Names that stand for one id: of cast, devices, `[names]`, and of calls so far. */
  readonly #ids: Set<string>;
  readonly #calls = new Set<string>();
  /** Devices of each feed so far. */
  readonly #feeds = new Map<string, readonly string[]>();
  readonly #steps = new Set<string>();

  constructor({ cast, devices, names }: Setting, faults: Fault[]) {
    this.#faults = faults;
    this.#cast = new Set(cast.map(({ name }) => name));
    this.#devices = new Map(devices.map(({ name, key }) => [name, key]));
    this.#ids = new Set();
    const say = (where: string, what: string) => faults.push({ where, what });
    for (const [table, own] of [
      ['cast', cast.map(({ name }) => name)],
      ['devices', devices.map(({ name }) => name)],
      ['names', Object.keys(names)],
    ] as const)
      for (const name of own) {
        if (this.#ids.has(name) || name === 'now' || name === 'event')
          say(`${table}.${name}`, 'the name is used already');
        this.#ids.add(name);
      }
    for (const { name, owner } of devices)
      if (!this.#cast.has(owner)) say(`devices.${name}.owner`, `${owner} is not in the cast`);
    for (const [name, entry] of Object.entries(names)) {
      if (entry.type === 'money' && !this.#cast.has(entry.issuer))
        say(`names.${name}.money`, `${entry.issuer} is not in the cast`);
      if (entry.type !== 'account' && entry.type !== 'result') continue;
      if (names[entry.money]?.type !== 'money')
        say(`names.${name}.${entry.type}`, `${entry.money} is no money`);
      const isParty = this.#cast.has(entry.of) && entry.type === 'account';
      if (!isParty && !this.#devices.has(entry.of))
        say(
          `names.${name}.of`,
          `${entry.of} is ${entry.type === 'account' ? 'neither in the cast nor a' : 'no'} device`,
        );
    }
  }

  check(written: Fields, number: number): Step | undefined {
    const name = typeof written.name === 'string' ? ` (${written.name})` : '';
    const before = this.#faults.length;
    const say: Say = (key, what) => this.#faults.push({ where: `step ${number}${name}, ${key}`, what });
    const [verb, other] = verbs.filter((word) => written[word] !== undefined);
    if (verb === undefined || other !== undefined) {
      say('(step)', `expected one of ${verbs.join(', ')}`);
      return undefined;
    }
    const step = this.#read(verb, written, say);
    if (step === undefined) return undefined;
    if (this.#steps.has(step.name) || this.#ids.has(step.name)) say('name', 'the name is used already');
    this.#steps.add(step.name);
    if (step.type === 'call') {
      this.#ids.add(step.name);
      this.#calls.add(step.name);
    }
    if (step.type === 'feed')
      this.#feeds.set(
        step.name,
        step.programmes.map(({ device }) => device),
      );
    return this.#faults.length === before ? step : undefined;
  }

  #read(verb: Verb, written: Fields, say: Say): Step | undefined {
    switch (verb) {
      case 'call':
        return this.#parse('call', written, say, (step) => this.#call(step, say));
      case 'feed':
        return this.#parse('feed', written, say, (step) => this.#feed(step, say));
      case 'wait':
        return this.#parse('wait', written, say, (step) => this.#wait(step, say));
      case 'check':
        return this.#parse('check', written, say, (step) => this.#check(step, say));
    }
  }

  /** Of a step that is not of the right form the name is kept, so that others may refer to it without another fault. */
  #parse<V extends Verb>(
    verb: V,
    written: Fields,
    say: Say,
    read: (step: WrittenStep[V]) => Step,
  ): Step | undefined {
    const parsed = (stepSchemas[verb] as unknown as z.ZodType<WrittenStep[V]>).safeParse(written);
    if (parsed.success) return read(parsed.data);
    for (const issue of parsed.error.issues) say(issue.path.join('.') || '(step)', issue.message);
    if (typeof written.name === 'string') this.#ids.add(written.name);
    return undefined;
  }

  #call(step: WrittenStep['call'], say: Say): CallStep {
    const { name, say: text, call: transition, by, args, expect, conflict } = step;
    for (const signer of by)
      if (!this.#cast.has(signer) && this.#devices.get(signer) !== true)
        say('by', `${signer} is neither in the cast nor a device with a key`);
    if (!Object.hasOwn(codes, expect)) say('expect', `${expect} is no code`);
    const on = step.on === undefined ? undefined : this.#trigger(step, step.on, say);
    if (step.on === undefined && [step.over, step.times, step.effective].some((value) => value !== undefined))
      say('on', 'expected readings, since there is "over", "times" or "effective"');
    checkArguments(transition, args, say);
    this.#references(args, 'args', say, step.on !== undefined);
    if (conflict !== undefined) this.#references(conflict, 'conflict', say, false);
    return { type: 'call', name, say: text, transition, by, args, expect: expect as Code, conflict, on };
  }

  #trigger(step: WrittenStep['call'], readings: string, say: Say): Trigger | undefined {
    this.#references(readings, 'on', say, false);
    const [first, second] = Object.entries(step.over ?? {});
    if (first === undefined || second !== undefined || !Object.hasOwn(quantities, first[0]))
      say('over', 'expected one quantity, such as { pulses = 0 }');
    if (step.times === undefined) say('times', 'expected how often the call is to be made');
    if (first === undefined || step.times === undefined) return undefined;
    const [quantity, over] = first;
    const { times, effective } = step;
    if (effective !== undefined && effective > times) say('effective', `expected at most ${times}`);
    if (effective !== undefined && effective < times && step.expect === 'OK')
      say('expect', 'expected the code of those that take no effect');
    return { readings, quantity: quantity as QuantityName, over, times, effective };
  }

  #feed(step: WrittenStep['feed'], say: Say): FeedStep {
    const { name, say: text, feed, every: everyMs = 1_000, for: forMs = 0 } = step;
    let count = 1 + Math.floor(forMs / everyMs);
    for (const [device, stated] of Object.entries(feed)) {
      if (!this.#devices.has(device)) say(`feed.${device}`, 'no such device');
      if (Object.keys(stated).length > limits.readingsPerFrameMax)
        say(`feed.${device}`, 'too many quantities');
      for (const [quantity, programme] of Object.entries(stated)) {
        if (!Object.hasOwn(quantities, quantity)) say(`feed.${device}.${quantity}`, 'no such quantity');
        if (programme.type === 'values') count = Math.max(count, programme.values.length);
      }
    }
    if (count * Object.keys(feed).length > READINGS_MAX)
      say('for', `expected at most ${READINGS_MAX} frames`);
    const programmes = Object.entries(feed).map(([device, stated]) => ({
      device,
      quantities: Object.entries(stated).map(([quantity, programme]) => ({
        quantity: quantity as QuantityName,
        programme,
      })),
    }));
    return { type: 'feed', name, say: text, programmes, everyMs, count };
  }

  #wait({ name, say: text, wait: forMs, since }: WrittenStep['wait'], say: Say): WaitStep {
    if (since !== undefined && !this.#steps.has(since)) say('since', `${since} is no earlier step`);
    return { type: 'wait', name, say: text, forMs, since };
  }

  #check(step: WrittenStep['check'], say: Say): CheckStep {
    const { name, say: text, check: object, id, by, fields, absent } = step;
    const type = objectTypes.get(object);
    if (type === undefined) say('check', `${object} is no type of object`);
    if (!this.#cast.has(by)) say('by', `${by} is not in the cast`);
    if ((fields === undefined) === (absent === undefined)) say('fields', 'expected fields, or absent = true');
    this.#references(id, 'id', say, false);
    this.#references(fields ?? {}, 'fields', say, false);
    const known = new Set(type?.classes.flatMap((schema) => schema.fieldNames) ?? Object.keys(fields ?? {}));
    for (const field of Object.keys(fields ?? {}))
      if (!known.has(field)) say(`fields.${field}`, `no such field; ${object} has ${[...known].join(', ')}`);
    return { type: 'check', name, say: text, object, id, by, fields };
  }

  #references(json: Json, key: string, say: Say, event: boolean): void {
    for (const text of referencesIn(json)) {
      if (text === EVENT && event) continue;
      const reference = parseReference(text);
      if (reference === undefined) say(key, `${text} is no reference`);
      if (reference?.type !== 'name') continue;
      const { name, part, range, single } = reference;
      const devices = this.#feeds.get(name);
      if (part === CHILD && this.#calls.has(name)) {
        if (!single || range![0] < 0) say(key, `${text}: expected which child, such as [0]`);
      } else if (devices === undefined && !this.#ids.has(name))
        say(key, `${text}: nothing before has that name`);
      else if (devices === undefined && (range !== undefined || (part !== undefined && part !== 'lei')))
        say(key, `${text}: ${name} is no feed`);
      else if (devices === undefined && part === 'lei' && !this.#cast.has(name))
        say(key, `${text}: ${name} is no party`);
      else if (devices !== undefined && part !== undefined && !devices.includes(part))
        say(key, `${text}: ${part} is not fed there`);
    }
  }
}

/** Names of arguments; whether their values fit is seen when they are known. */
function checkArguments(name: string, args: Fields, say: Say): void {
  const transition = transitions.get(name);
  if (transition === undefined) return say('call', `${name} is no transition; tally contracts lists them`);
  const { properties, required } = argsJsonSchema(transition) as {
    readonly properties: Fields;
    readonly required: readonly string[];
  };
  for (const field of Object.keys(args))
    if (!Object.hasOwn(properties, field))
      say(`args.${field}`, `no such argument; ${name} takes ${Object.keys(properties).join(', ')}`);
  for (const field of required) if (args[field] === undefined) say(`args.${field}`, 'is missing');
}
