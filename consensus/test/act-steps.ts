/** Steps of what a thing does beside paying (row 42): acme's truck borrows, repays, pledges, buys and sells. */

import { families, type MandateLimits, mandate } from '../contracts/objects/mandate.ts';
import { tranche } from '../contracts/objects/tranche.ts';
import { childId } from '../contracts/rules/warnings.ts';
import { pledgeByThing } from '../contracts/transitions/pledge-by-thing.ts';
import { drawByThing, repayByThing } from '../contracts/transitions/thing-credit.ts';
import { buyByThing, sellByThing } from '../contracts/transitions/thing-investment.ts';
import { DAY_MS, nowhere, OTHER_SSCC, QUANTITY, type Stage, Story } from './contract-story.ts';
import { type ArgsOf, idOf, type Outcome, World } from './contract-world.ts';
import { divide } from './exception-steps.ts';
import { LimitStory, lineAt } from './limit-steps.ts';
import { issueTo } from './loan-steps.ts';
import { ThingStory, truckEuros } from './thing-steps.ts';

/** For all four families, with the bank and the carrier, 20,000.00 at a time; a second key above 10,000.00. */
const actLimits: Partial<MandateLimits> = {
  families: [...families],
  payees: [idOf('bankA'), idOf('carrier')],
  contents: ['toll', 'credit'],
  ...{ fromMinute: 0, untilMinute: 1_440 },
  ...{ amountMax: 2_000_000, windowAmount: 5_000_000, windowCount: 3, threshold: 1_000_000 },
};

export class ActStory {
  readonly world: World;
  readonly things: ThingStory;
  /** The credit limit that the truck is a member of. */
  readonly line: LimitStory | undefined;
  /** The loan that is pledged for, drawn on and repaid; or whose tranches are traded. */
  readonly file: Story | undefined;
  tranches: readonly Uint8Array[] = [];

  constructor(world: World, { line, file }: Pick<ActStory, 'line' | 'file'>, things = new ThingStory(world)) {
    this.world = world;
    this.line = line;
    this.file = file;
    this.things = things;
  }

  fork(into: World = this.world.fork()): ActStory {
    const parts = { line: this.line?.fork(into), file: this.file?.fork(into) };
    return Object.assign(new ActStory(into, parts, this.things.fork(into)), { tranches: this.tranches });
  }

  /** A mandate; with other limits than all that the truck needs. */
  give(
    changes: Partial<MandateLimits> = {},
    terms: Parameters<ThingStory['give']>[1] = { warnBp: undefined },
    by: readonly string[] = ['acme'],
  ): Outcome {
    return this.things.give({ ...this.#limits(), ...changes }, terms, by);
  }

  narrow(changes: Partial<MandateLimits>, by: readonly string[] = ['acme']): Outcome {
    const { limits: given } = this.world.read(mandate, this.things.mandate);
    return this.things.narrow({ ...given, ...changes }, by);
  }

  #limits(): Partial<MandateLimits> {
    const collateral = [this.file?.receipt ?? this.file?.unit ?? nowhere];
    return { ...actLimits, until: this.world.time + 30 * DAY_MS, collateral };
  }

  get limit(): Uint8Array {
    return this.line?.limit ?? nowhere;
  }

  get loan(): Uint8Array {
    return this.file?.loan ?? nowhere;
  }

  #act(event?: Uint8Array) {
    return {
      mandate: this.things.mandate,
      means: truckEuros,
      content: 'credit',
      event: event ?? this.things.event(),
    };
  }

  /** On the limit, unless it is told otherwise. */
  draw(changes: Partial<ArgsOf<typeof drawByThing>> = {}, by: readonly string[] = ['truck']): Outcome {
    const on = { type: 'limit', limit: this.limit } as const;
    const args = { ...this.#act(changes.event), on, amount: 10_000, reference: 'fuel', ...changes };
    return this.world.run(drawByThing, args, by);
  }

  /** 9,000.00 for 200.00 of interest and 10.00 of costs. */
  drawLoan(
    changes: Partial<ArgsOf<typeof drawByThing>> = {},
    by: readonly string[] = ['truck', 'bankA'],
  ): Outcome {
    const on = { type: 'loan', loan: this.loan, interest: 20_000, costs: 1_000 } as const;
    return this.draw({ on, amount: 900_000, ...changes }, by);
  }

  repay(changes: Partial<ArgsOf<typeof repayByThing>> = {}, by: readonly string[] = ['truck']): Outcome {
    const on = { type: 'limit', limit: this.limit } as const;
    const args = { ...this.#act(changes.event), on, amount: 4_000, reference: 'freight', ...changes };
    return this.world.run(repayByThing, args, by);
  }

  repayLoan(changes: Partial<ArgsOf<typeof repayByThing>> = {}, by?: readonly string[]): Outcome {
    return this.repay({ on: { type: 'loan', loan: this.loan }, amount: 100_000, ...changes }, by);
  }

  pledge(
    changes: Partial<ArgsOf<typeof pledgeByThing>> = {},
    by: readonly string[] = ['truck', 'phone', 'bankA'],
  ): Outcome {
    const { unit, receipt, loan } = this.file!;
    const asked = { unit, quantity: QUANTITY, receipt, loan, ceiling: 1_200_000 };
    return this.world.run(pledgeByThing, { ...this.#act(changes.event), ...asked, ...changes }, by);
  }

  /** The senior tranche, 6,000.00, for 5,900.00, from whoever has it. */
  buy(changes: Partial<ArgsOf<typeof buyByThing>> = {}, by: readonly string[] = ['truck', 'bankA']): Outcome {
    const args = { ...this.#act(changes.event), tranche: this.tranches[0]!, price: 590_000, ...changes };
    return this.world.run(buyByThing, args, by);
  }

  sell(
    changes: Partial<ArgsOf<typeof sellByThing>> = {},
    by: readonly string[] = ['truck', 'carrier'],
  ): Outcome {
    const what = { tranche: this.tranches[0]!, to: idOf('carrier'), price: 595_000 };
    return this.world.run(sellByThing, { ...this.#act(changes.event), ...what, ...changes }, by);
  }

  claim(index = 0) {
    return this.world.read(tranche, this.tranches[index]!);
  }
}

export function must(...outcomes: readonly Outcome[]): void {
  for (const { refusal } of outcomes) if (refusal !== undefined) throw new Error(JSON.stringify(refusal));
}

/** The truck has an account, and its owner 10,000.00 more; bank A has 20,000.00. */
function equip(story: ActStory): ActStory {
  const { things } = story;
  must(things.enrol('phone'), things.fund('acme', 1_000_000), things.open());
  must(issueTo(story, 'bankA'), issueTo(story, 'carrier', 1_000_000));
  return story;
}

function makeLine(): ActStory {
  const line = lineAt('measured');
  return equip(new ActStory(line.world, { line, file: undefined }));
}

function ofFile(file: Story): ActStory {
  return equip(new ActStory(file.world, { line: undefined, file }));
}

function makeLoan(stage: Stage, scheme: 'sscc' | 'lot' = 'sscc'): ActStory {
  return ofFile(new Story(World.enrolled(), { scheme }).reach(stage));
}

function makeReceipted(): ActStory {
  const file = new Story(World.enrolled()).reach('approved');
  must(file.issue());
  return ofFile(file);
}

function makeClaims(): ActStory {
  const file = new Story(World.enrolled(), { enterprise: 'zenith' }).reach('drawn');
  const divided = divide(file);
  must(divided);
  const tranches = [childId(divided.id, 0), childId(divided.id, 1)];
  return Object.assign(ofFile(file), { tranches });
}

/** All of it in one world; zenith owes the loan whose tranches are traded. */
function makeAll(): ActStory {
  const { world, tranches } = makeClaims();
  const file = new Story(world, { label: OTHER_SSCC }).reach('approved');
  const line = new LimitStory(world);
  must(line.applyForLine(), line.validate(), line.measure());
  return Object.assign(new ActStory(world, { line, file }), { tranches });
}

const makers = {
  line: makeLine,
  approved: () => makeLoan('approved'),
  lot: () => makeLoan('approved', 'lot'),
  receipted: makeReceipted,
  perfected: () => makeLoan('perfected'),
  drawn: () => makeLoan('drawn'),
  claims: makeClaims,
  all: makeAll,
} as const;
export type ActStage = keyof typeof makers;

const made = new Map<ActStage, ActStory>();

/** A fresh copy, without a mandate. */
export function equippedAt(stage: ActStage): ActStory {
  const story = made.get(stage) ?? makers[stage]();
  made.set(stage, story);
  return story.fork();
}

/** … with one. */
export function actAt(stage: ActStage, changes: Partial<MandateLimits> = {}): ActStory {
  const story = equippedAt(stage);
  must(story.give(changes));
  return story;
}
