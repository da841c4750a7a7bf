/** Steps of credit limits: acme asks bank A, for its loans or for a truck and a machine that count pulses. */

import { equalBytes } from '../codec/bytes.ts';
import { creditLimit, type MemberTerms } from '../contracts/objects/credit-limit.ts';
import type { CreditLimit } from '../contracts/rules/credit-limits.ts';
import { applyLimit, validateLimit } from '../contracts/transitions/apply-limit.ts';
import { freezeLimit, thawLimit } from '../contracts/transitions/freeze-limit.ts';
import { measureLimit } from '../contracts/transitions/measure-limit.ts';
import { endLimit, modifyLimit } from '../contracts/transitions/modify-limit.ts';
import { drawLimit, repayLimit } from '../contracts/transitions/use-limit.ts';
import { DAY_MS, nowhere, type Story, storyAt } from './contract-story.ts';
import {
  type ArgsOf,
  deviceId,
  HOUR_MS,
  idOf,
  type Outcome,
  type PartyName,
  type ReadingOptions,
  World,
} from './contract-world.ts';
import { issueTo } from './loan-steps.ts';
import { ThingStory, truck } from './thing-steps.ts';

/** Output is measured from two to four hours apart. */
export const PERIOD_MS = 4 * HOUR_MS;

export const machine = deviceId('acme-counter');

/** 2.00 a pulse and 500.00 at most by the truck, 1.00 and 300.00 by the machine. */
export const truckTerms: MemberTerms = { device: truck, measure: 'pulses', perUnit: 200, most: 50_000 };
export const machineTerms: MemberTerms = {
  ...{ device: machine, measure: 'pulses', perUnit: 100, most: 30_000 },
};

/** 0.50 a kilowatt-hour, by the furnace's meter. */
export const meterTerms: MemberTerms = {
  ...{ device: deviceId('acme-meter'), measure: 'energy', perUnit: 50, most: 200_000 },
};

export class LimitStory {
  readonly world: World;
  limit = nowhere;

  constructor(world: World) {
    this.world = world;
  }

  fork(into: World = this.world.fork()): LimitStory {
    return Object.assign(new LimitStory(into), { limit: this.limit });
  }

  /** For loans when no members are given. */
  apply(changes: Partial<ArgsOf<typeof applyLimit>> = {}, by: readonly string[] = ['acme']): Outcome {
    const args = {
      ...{ applicant: idOf('acme'), bank: idOf('bankA'), currency: 'EUR', purpose: 'working capital' },
      ...{ amount: 1_000_000, periodMs: PERIOD_MS, members: [] },
      ...changes,
    };
    const outcome = this.world.run(applyLimit, args, by);
    if (outcome.refusal === undefined) this.limit = outcome.id;
    return outcome;
  }

  applyForLine(changes: Partial<ArgsOf<typeof applyLimit>> = {}, by: readonly string[] = ['acme']): Outcome {
    return this.apply({ amount: 100_000, members: [truckTerms, machineTerms], ...changes }, by);
  }

  validate(changes: { amount?: number; until?: number } = {}, by: readonly string[] = ['bankA']): Outcome {
    const held = this.world.get(creditLimit, this.limit);
    const grant = { amount: held?.asked ?? 1, until: this.world.time + 90 * DAY_MS, ...changes };
    return this.world.run(validateLimit, { limit: this.limit, decision: { type: 'grant', ...grant } }, by);
  }

  decline(by: readonly string[] = ['bankA']): Outcome {
    const decision = { type: 'decline', reason: 'no appetite' } as const;
    return this.world.run(validateLimit, { limit: this.limit, decision }, by);
  }

  modify(
    changes: Partial<ArgsOf<typeof modifyLimit>> = {},
    by: readonly string[] = ['bankA', 'acme'],
  ): Outcome {
    const args = { limit: this.limit, amount: 80_000, until: undefined, members: undefined, ...changes };
    return this.world.run(modifyLimit, args, by);
  }

  freeze(by: PartyName = 'bankA', signed: readonly string[] = [by]): Outcome {
    return this.world.run(freezeLimit, { limit: this.limit, by: idOf(by), reason: 'order 17' }, signed);
  }

  thaw(by: readonly string[] = ['bankA']): Outcome {
    return this.world.run(thawLimit, { limit: this.limit }, by);
  }

  end(by: PartyName = 'acme', signed: readonly string[] = [by]): Outcome {
    return this.world.run(endLimit, { limit: this.limit, by: idOf(by) }, signed);
  }

  pulses(device: string, count: number, changes: Partial<ReadingOptions> = {}): Uint8Array {
    return this.world.reading({ device, values: { pulses: String(count) }, ...changes });
  }

  /** Shows one reading. */
  show(
    reading: Uint8Array,
    device = 'truck',
    changes: Partial<ArgsOf<typeof measureLimit>> = {},
    by: readonly string[] = ['acme'],
  ): Outcome {
    const args = { limit: this.limit, by: idOf('acme'), device: deviceId(device), ...changes, reading };
    return this.world.run(measureLimit, args, by);
  }

  /** The device has put out so much in the two hours since its last reading; the first opens a period. */
  measure(output = 200, device = 'truck'): Outcome {
    const mark = () =>
      this.world
        .get(creditLimit, this.limit)
        ?.members.find((member) => equalBytes(member.device, deviceId(device)))?.mark;
    if (mark() === undefined) this.show(this.pulses(device, 1_000), device);
    this.world.pass(2 * HOUR_MS);
    return this.show(this.pulses(device, (mark()?.count ?? 1_000) + output), device);
  }

  /** The furnace's meter shows these, kWh, two hours apart. */
  use(...kWh: readonly number[]): Outcome {
    const shown = kWh.map((energy) => {
      this.world.pass(2 * HOUR_MS);
      const reading = this.world.reading({ device: 'acme-meter', values: { energy: String(energy) } });
      return this.show(reading, 'acme-meter');
    });
    return shown.at(-1)!;
  }

  draw(changes: Partial<ArgsOf<typeof drawLimit>> = {}, by: readonly string[] = ['acme']): Outcome {
    const args = { limit: this.limit, amount: 10_000, reference: 'fuel', ...changes };
    return this.world.run(drawLimit, args, by);
  }

  repay(changes: Partial<ArgsOf<typeof repayLimit>> = {}, by: readonly string[] = ['acme']): Outcome {
    const args = { limit: this.limit, payer: idOf('acme'), amount: 4_000, reference: 'freight', ...changes };
    return this.world.run(repayLimit, args, by);
  }

  /** Puts the truck's or the machine's key away: the device can sign no more. */
  unkey(identifier: 'truck' | 'acme-counter'): Outcome {
    return new ThingStory(this.world).enrol(identifier, 'acme', '', true);
  }

  read(): CreditLimit {
    return this.world.read(creditLimit, this.limit);
  }
}

export const limitStages = ['none', 'applied', 'valid', 'measured', 'drawn'] as const;
export type LimitStage = (typeof limitStages)[number];

const reached = new Map<string, LimitStory>();

function must(outcome: Outcome): void {
  if (outcome.refusal !== undefined) throw new Error(JSON.stringify(outcome.refusal));
}

/** A fresh copy of a line of truck and machine at `stage`; bank A has money of its own. Granted 1,000.00, carried 400.00. */
export function lineAt(stage: LimitStage): LimitStory {
  let line = reached.get(stage);
  if (line === undefined) {
    line = new LimitStory(World.enrolled());
    must(issueTo(line, 'bankA', 1_000_000));
    const steps = [
      () => line!.applyForLine(),
      () => line!.validate(),
      () => line!.measure(200),
      () => line!.draw(),
    ];
    for (const step of steps.slice(0, limitStages.indexOf(stage))) must(step());
    reached.set(stage, line);
  }
  return line.fork();
}

let underLimit: { readonly story: Story; readonly limit: LimitStory } | undefined;

/** A loan that was approved under a limit of 10,000.00 and whose pledge is perfected. */
export function loanUnderLimit(): { readonly story: Story; readonly limit: LimitStory } {
  if (underLimit === undefined) {
    const story = storyAt('evaluated');
    const limit = new LimitStory(story.world);
    must(limit.apply());
    must(limit.validate());
    must(story.approve({ creditLimit: limit.limit }));
    must(story.agree());
    must(story.perfect());
    underLimit = { story, limit };
  }
  const world = underLimit.story.world.fork();
  return { story: underLimit.story.fork(world), limit: underLimit.limit.fork(world) };
}
