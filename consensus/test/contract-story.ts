/**
 * One loan from registration to release, step by step, on a contract world. Every step takes changes to its arguments
 * and to who signs, so that a test names only what it is about.
 */

import { asciiBytes, toHex } from '../codec/bytes.ts';
import { loan } from '../contracts/objects/loan.ts';
import { labelKey } from '../contracts/registry.ts';
import { agreePledge } from '../contracts/transitions/agree-pledge.ts';
import { apply, withdraw } from '../contracts/transitions/application.ts';
import { authorise, revokeGrant } from '../contracts/transitions/authorise.ts';
import { decide } from '../contracts/transitions/decide.ts';
import { draw } from '../contracts/transitions/draw.ts';
import { evaluate } from '../contracts/transitions/evaluate.ts';
import { issueReceipt } from '../contracts/transitions/issue-receipt.ts';
import { stateOrder } from '../contracts/transitions/order-receipt.ts';
import { perfectPledge } from '../contracts/transitions/perfect-pledge.ts';
import { registerGoods } from '../contracts/transitions/register-goods.ts';
import { release } from '../contracts/transitions/release.ts';
import { repay } from '../contracts/transitions/repay.ts';
import { requestStatus } from '../contracts/transitions/request-status.ts';
import { supplyStatus } from '../contracts/transitions/supply-status.ts';
import { warn } from '../contracts/transitions/warn.ts';
import { hash } from '../crypto/hash.ts';
import {
  type ArgsOf,
  HOUR_MS,
  idOf,
  leiOf,
  network,
  type Outcome,
  type PartyName,
  START_MS,
  World,
  withCheckDigit,
} from './contract-world.ts';

export const DAY_MS = 24 * HOUR_MS;
export const SSCC = withCheckDigit('38012345000000001');
export const OTHER_SSCC = withCheckDigit('38012345000000002');
export const LOT = `${withCheckDigit('0950600013435')}/LOT-7`;
export const GLN = withCheckDigit('950600013435');

/** One tonne in forty packages, at 25,000.00 a tonne. */
export const QUANTITY = 1_000_000;
export const PACKAGES = 40;
/** What half of the lot is. */
export const HALF_LOT = { quantity: 500_000, packages: 20 } as const;
export const WEIGHT_KG = '1000';
const PRICE = 2_500_000;
/** floor(floor(price × 90 %) × 60 %). */
export const LENDABLE = 1_350_000;

/** An id under which nothing is. */
export const nowhere = hash('label', asciiBytes('nowhere'));

/** Grams as kilograms, as a scale states them. */
export function withoutGrams(grams: number): string {
  return `${Math.floor(grams / 1000)}.${String(grams % 1000).padStart(3, '0')}`;
}

/** What a step may be told: other arguments, other signers. */
export type Changes<T> = Partial<ArgsOf<T>>;

export const stages = [
  'empty',
  'registered',
  'applied',
  'authorised',
  'stated',
  'supplied',
  'evaluated',
  'approved',
  'agreed',
  'perfected',
  'drawn',
  'repaid',
] as const;
export type Stage = (typeof stages)[number];

export class Story {
  readonly world: World;
  readonly bank: PartyName;
  readonly enterprise: PartyName;
  readonly scheme: 'sscc' | 'lot';
  readonly label: string;
  receipt: Uint8Array | undefined;
  loan = nowhere;
  grant = nowhere;
  order = nowhere;
  status = nowhere;
  evaluation = nowhere;
  pledge = nowhere;
  /** Number of stages behind; a second bank's story begins after the registration. */
  done = 0;

  constructor(
    world: World,
    options: { bank?: PartyName; enterprise?: PartyName; scheme?: 'sscc' | 'lot'; label?: string } = {},
  ) {
    this.world = world;
    this.bank = options.bank ?? 'bankA';
    this.enterprise = options.enterprise ?? 'acme';
    this.scheme = options.scheme ?? 'sscc';
    this.label = options.label ?? (this.scheme === 'sscc' ? SSCC : LOT);
  }

  /** The same story in a fork of its world. */
  fork(into: World = this.world.fork()): Story {
    const { world: _, bank, enterprise, scheme, label, ...ids } = this;
    return Object.assign(new Story(into, { bank, enterprise, scheme, label }), ids);
  }

  /** Another bank's story over the same goods, in the same world, up to `stage`. */
  rival(stage: Stage): Story {
    const { world, enterprise, scheme, label } = this;
    const rival = new Story(world, { bank: 'bankB', enterprise, scheme, label });
    rival.done = stages.indexOf('registered');
    return rival.reach(stage);
  }

  get unit(): Uint8Array {
    return labelKey(network, this.scheme, this.label);
  }

  register(
    changes: Changes<typeof registerGoods> = {},
    by: readonly string[] = ['monitor', 'warehouse', this.enterprise],
  ): Outcome {
    const args = {
      scheme: this.scheme,
      label: this.label,
      owner: idOf(this.enterprise),
      custodian: idOf('warehouse'),
      monitor: idOf('monitor'),
      gln: GLN,
      zone: 'A1',
      goods: 'Copper cathode',
      quantity: QUANTITY,
      packages: PACKAGES,
      temperature: { leastMilliC: -5_000, mostMilliC: 40_000 },
      receiptsByMonitor: false,
      evidence: changes.evidence ?? this.world.count(WEIGHT_KG, PACKAGES),
      ...changes,
    };
    return this.world.run(registerGoods, args, by);
  }

  issue(
    changes: Changes<typeof issueReceipt> = {},
    by: readonly string[] = ['warehouse', 'monitor', this.enterprise],
  ): Outcome {
    const { time } = this.world;
    const args = {
      pledge: undefined,
      unit: this.unit,
      quantity: QUANTITY,
      packages: PACKAGES,
      specification: 'Grade A, 99.99 %',
      quality: 'As inspected',
      marks: 'ACME 1-40',
      issuePlace: 'Hall 3',
      permittedLossBp: 10,
      storageFrom: time,
      storageUntil: time + 180 * DAY_MS,
      charges: '12.00 a tonne and month',
      lienAmount: 0,
      lienCurrency: '',
      insurer: 'Mutual',
      insuredAmount: 3_000_000,
      insuredCurrency: 'EUR',
      insuredFrom: time,
      insuredUntil: time + 365 * DAY_MS,
      delivery: 'order' as const,
      deliverTo: 'the depositor',
      commingling: false,
      issuerInterest: 'none',
      ...changes,
    };
    const outcome = this.world.run(issueReceipt, args, by);
    if (outcome.refusal === undefined) this.receipt = outcome.id;
    return outcome;
  }

  stateOrder(changes: Changes<typeof stateOrder> = {}, by: readonly string[] = ['monitor']): Outcome {
    const args = {
      predecessor: undefined,
      unit: this.unit,
      pledgee: idOf(this.bank),
      specification: 'Grade A, 99.99 %',
      position: 'Row 4, bay 2',
      condition: 'sound',
      orderNumber: 'PO-2026/17',
      amount: 2_500_000,
      currency: 'EUR',
      ...changes,
    };
    return this.#keep('order', this.world.run(stateOrder, args, by));
  }

  apply(changes: Changes<typeof apply> = {}, by: readonly string[] = [this.enterprise]): Outcome {
    const args = {
      applicant: idOf(this.enterprise),
      bank: idOf(this.bank),
      lei: leiOf(this.enterprise),
      amount: 1_000_000,
      currency: 'EUR',
      maturity: START_MS + 90 * DAY_MS,
      orders: ['PO-2026/17'],
      units: [this.unit],
      ...changes,
    };
    return this.#keep('loan', this.world.run(apply, args, by));
  }

  withdraw(changes: Changes<typeof withdraw> = {}, by: readonly string[] = [this.enterprise]): Outcome {
    return this.world.run(withdraw, { loan: this.loan, ...changes }, by);
  }

  authorise(
    changes: Changes<typeof authorise> = {},
    by: readonly string[] = [this.bank, this.enterprise],
  ): Outcome {
    const args = {
      loan: this.loan,
      scope: [this.unit],
      kinds: ['status' as const, 'ownership' as const],
      purpose: 'evaluation of a pledge',
      expires: this.world.time + 30 * DAY_MS,
      appraiser: undefined,
      ...changes,
    };
    return this.#keep('grant', this.world.run(authorise, args, by));
  }

  revokeGrant(changes: Changes<typeof revokeGrant> = {}, by: readonly string[] = [this.bank]): Outcome {
    return this.world.run(revokeGrant, { grant: this.grant, ...changes }, by);
  }

  ask(changes: Changes<typeof requestStatus> = {}, by: readonly string[] = [this.bank]): Outcome {
    return this.world.run(requestStatus, { grant: this.grant, unit: this.unit, ...changes }, by);
  }

  supply(changes: Changes<typeof supplyStatus> = {}, by: readonly string[] = ['monitor']): Outcome {
    const args = {
      grant: this.grant,
      unit: this.unit,
      evidence: changes.evidence ?? this.world.count(WEIGHT_KG, PACKAGES),
      orderReceipt: this.order,
      asOf: this.world.time,
      condition: 'sound',
      ...changes,
    };
    return this.#keep('status', this.world.run(supplyStatus, args, by));
  }

  evaluate(changes: Changes<typeof evaluate> = {}, by: readonly string[] = [this.bank]): Outcome {
    const args = {
      loan: this.loan,
      evaluator: idOf(this.bank),
      lines: [this.line()],
      priceTime: this.world.time,
      fxNumerator: 1,
      fxDenominator: 1,
      haircutBp: 1_000,
      fxHaircutBp: 0,
      loanToValueBp: 6_000,
      ...changes,
    };
    return this.#keep('evaluation', this.world.run(evaluate, args, by));
  }

  line(
    changes: Partial<ArgsOf<typeof evaluate>['lines'][number]> = {},
  ): ArgsOf<typeof evaluate>['lines'][number] {
    return { status: this.status, quantity: QUANTITY, price: PRICE, pricedQuantity: 1_000_000, ...changes };
  }

  approve(
    changes: {
      grant?: Uint8Array;
      evaluation?: Uint8Array;
      limit?: number;
      until?: number;
      creditLimit?: Uint8Array;
    } = {},
    by: readonly string[] = [this.bank],
  ): Outcome {
    const { grant, evaluation } = this;
    const until = this.world.time + 10 * DAY_MS;
    return this.decide(
      {
        decision: {
          type: 'approve',
          ...{ grant, evaluation, limit: 1_000_000, until, creditLimit: undefined },
          ...changes,
        },
      },
      by,
    );
  }

  decide(changes: Changes<typeof decide> = {}, by: readonly string[] = [this.bank]): Outcome {
    return this.world.run(
      decide,
      { loan: this.loan, decision: { type: 'decline' as const, reason: 'no appetite' }, ...changes },
      by,
    );
  }

  agree(
    changes: Changes<typeof agreePledge> = {},
    by: readonly string[] = [this.enterprise, this.bank],
  ): Outcome {
    const args = {
      unit: this.unit,
      quantity: QUANTITY,
      receipt: this.receipt,
      behind: undefined,
      line: undefined,
      loan: this.loan,
      ceiling: 1_200_000,
      ...changes,
    };
    return this.#keep('pledge', this.world.run(agreePledge, args, by));
  }

  perfect(
    changes: Changes<typeof perfectPledge> = {},
    by: readonly string[] = [this.bank, 'monitor', 'warehouse'],
  ): Outcome {
    const evidence = changes.evidence ?? this.world.count(WEIGHT_KG, PACKAGES);
    return this.world.run(
      perfectPledge,
      { pledge: this.pledge, registration: undefined, ...changes, evidence },
      by,
    );
  }

  draw(changes: Changes<typeof draw> = {}, by: readonly string[] = [this.bank, this.enterprise]): Outcome {
    const args = {
      loan: this.loan,
      principal: 900_000,
      interest: 20_000,
      costs: 1_000,
      reference: 'PAY-1',
      money: undefined,
      ...changes,
    };
    return this.world.run(draw, args, by);
  }

  repay(changes: Changes<typeof repay> = {}, by: readonly string[] = [this.enterprise, this.bank]): Outcome {
    const args = {
      loan: this.loan,
      payer: idOf(this.enterprise),
      currency: 'EUR',
      amount: 921_000,
      reference: 'PAY-2',
      money: undefined,
      ...changes,
    };
    return this.world.run(repay, args, by);
  }

  release(changes: Changes<typeof release> = {}, by: readonly string[] = [this.bank]): Outcome {
    return this.world.run(release, { pledge: this.pledge, waived: false, ...changes }, by);
  }

  warn(changes: Changes<typeof warn> = {}, by: readonly string[] = ['monitor']): Outcome {
    const evidence = changes.evidence ?? [this.world.reading({ device: 'scale', values: { weight: '985' } })];
    return this.world.run(
      warn,
      { pledge: this.pledge, trigger: 'weight' as const, evidence, ...changes },
      by,
    );
  }

  /** Takes every step up to `stage`; each must take effect. */
  reach(stage: Stage): this {
    const steps: readonly (() => Outcome)[] = [
      () => this.register(),
      () => this.apply(),
      () => this.authorise(),
      () => this.stateOrder(),
      () => this.supply(),
      () => this.evaluate(),
      () => this.approve(),
      () => this.agree(),
      () => this.perfect(),
      () => this.draw(),
      () => this.repay(),
    ];
    for (const step of steps.slice(this.done, stages.indexOf(stage))) {
      const { refusal } = step();
      if (refusal !== undefined)
        throw new Error(`${stages[this.done + 1]} refused: ${JSON.stringify(refusal)}`);
      this.done += 1;
    }
    return this;
  }

  loanState(): string {
    return this.world.read(loan, this.loan).state;
  }

  #keep(name: 'order' | 'loan' | 'grant' | 'status' | 'evaluation' | 'pledge', outcome: Outcome): Outcome {
    if (outcome.refusal === undefined) this[name] = outcome.id;
    return outcome;
  }
}

const reached = new Map<string, Story>();

/** A fresh copy of the plain story at `stage`; what leads there is run once. */
export function storyAt(stage: Stage, scheme: 'sscc' | 'lot' = 'sscc'): Story {
  const name = `${stage} ${scheme}`;
  let story = reached.get(name);
  if (story === undefined) {
    story = new Story(World.enrolled(), { scheme }).reach(stage);
    reached.set(name, story);
  }
  return story.fork();
}

/** A code and what stands in the way, in short, for comparisons. */
export function codeOf({ refusal }: Outcome): string {
  return refusal?.code ?? 'OK';
}
export function conflictOf({ refusal }: Outcome): string {
  return refusal?.conflict === undefined ? '' : toHex(refusal.conflict);
}
