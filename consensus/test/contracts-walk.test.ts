/**
 * Random walks over everything that can happen to a loan: two banks race over a logistic unit and over a lot. After
 * every step the invariants of semantics §7 hold, a refusal has written nothing, and nothing was rewritten. What took
 * effect is counted, so that walks which go nowhere fail.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { equalBytes, toHex } from '../codec/bytes.ts';
import { findBreaches, findRewrites } from '../contracts/invariants.ts';
import { encumbrance } from '../contracts/objects/encumbrance.ts';
import { loan } from '../contracts/objects/loan.ts';
import { pledge } from '../contracts/objects/pledge.ts';
import { status } from '../contracts/objects/status.ts';
import type { SignedCall } from '../vertex/call.ts';
import { codeOf, DAY_MS, nowhere, PACKAGES, QUANTITY, Story } from './contract-story.ts';
import { HOUR_MS, type Outcome, World } from './contract-world.ts';

const WALKS = 200;
const STEPS = 40;
const SEED = 20_260_105;

const walk = suite('walk');

/** `next` is what the file suggests; the others come whether it makes sense or not. */
const weights = {
  next: 12,
  register: 1,
  issue: 2,
  stateOrder: 1,
  apply: 1,
  withdraw: 1,
  authorise: 1,
  revokeGrant: 1,
  supply: 2,
  evaluate: 2,
  approve: 1,
  decline: 1,
  agree: 5,
  perfect: 2,
  draw: 2,
  repay: 1,
  release: 2,
  warn: 1,
  mix: 1,
  pause: 2,
};
type Action = keyof typeof weights;

/** One step: what is tried, in whose file, and how it departs from the plain story. */
interface Step {
  readonly action: Action;
  readonly file: number;
  readonly grams: number;
  readonly money: number;
  readonly twist: number;
}
const step: fc.Arbitrary<Step> = fc.record(
  {
    action: fc.oneof(
      ...Object.entries(weights).map(([action, weight]) => ({
        weight,
        arbitrary: fc.constant(action as Action),
      })),
    ),
    file: fc.nat(3),
    grams: fc.constantFrom(QUANTITY, QUANTITY, 600_000, 400_000, 1, QUANTITY + 1),
    money: fc.integer({ min: 1, max: 1_400_000 }),
    twist: fc.nat(31),
  },
  { noNullPrototype: true },
);

interface Files {
  readonly world: World;
  readonly files: readonly Story[];
}

/** Four files of one enterprise: two banks over a logistic unit, two over a lot, all up to `stage`. */
function startFiles(stage: 'registered' | 'approved'): Files {
  const world = World.enrolled();
  const files = (['sscc', 'lot'] as const).flatMap((scheme) => {
    const first = new Story(world, { scheme }).reach(stage);
    return [first, first.rival(stage)];
  });
  return { world, files };
}
const beginnings = [startFiles('registered'), startFiles('approved')] as const;

function forkFiles({ world, files }: Files): Files {
  const copy = world.fork();
  return { world: copy, files: files.map((file) => file.fork(copy)) };
}

/** The step that the file's state suggests. */
function suggest(story: Story): Action {
  const secured = story.world.get(pledge, story.pledge)?.state;
  switch (story.world.get(loan, story.loan)?.state) {
    case 'APPLIED':
      return 'authorise';
    case 'AUTHORISED': {
      const supplied = story.world.get(status, story.status);
      if (supplied !== undefined && equalBytes(supplied.grant, story.grant)) return 'evaluate';
      return story.order === nowhere ? 'stateOrder' : 'supply';
    }
    case 'EVALUATED':
      return 'approve';
    case 'APPROVED':
      if (secured === 'AGREED') return 'perfect';
      return secured === 'PERFECTED' ? 'draw' : 'agree';
    case 'DRAWN':
      return 'repay';
    default:
      return secured === 'PERFECTED' || secured === 'WARNED' ? 'release' : 'apply';
  }
}

/** Takes a step; `undefined` where it is none of the contracts'. */
function take(story: Story, { action, grams, money, twist, file }: Step, files: Files): Outcome | undefined {
  const other = files.files[(file + 1 + (twist % 3)) % 4]!;
  const pauses = [60_000, HOUR_MS, 2 * HOUR_MS, 25 * HOUR_MS, 73 * HOUR_MS, 11 * DAY_MS];
  switch (action) {
    case 'next':
      return take(story, { action: suggest(story), grams, money, twist, file }, files);
    case 'issue': {
      const outcome = story.issue({ quantity: grams });
      // Now and then the other bank over the same goods is told of the receipt.
      if (outcome.refusal === undefined && twist % 2 === 0) files.files[file ^ 1]!.receipt = outcome.id;
      return outcome;
    }
    case 'stateOrder':
      return story.stateOrder(twist % 2 === 0 ? {} : { predecessor: story.order });
    case 'evaluate':
      return story.evaluate({ lines: [story.line({ quantity: grams })] });
    case 'approve':
      return story.approve({ limit: money });
    case 'decline':
      return story.decide();
    case 'agree':
      return story.agree({ quantity: grams, ceiling: money });
    case 'perfect':
      if (twist === 0) return story.perfect({ evidence: story.world.count('1000', PACKAGES - 1) });
      return story.perfect({}, twist === 1 ? [story.bank, 'monitor'] : [story.bank, 'monitor', 'warehouse']);
    case 'draw':
      return story.draw({ principal: money, interest: money >> 6, costs: money >> 10 });
    case 'repay':
      return story.repay({
        amount: twist % 2 === 0 ? money : 3_000_000,
        currency: twist % 8 === 1 ? 'USD' : 'EUR',
      });
    case 'revokeGrant':
      return story.revokeGrant({}, [twist % 2 === 0 ? story.enterprise : story.bank]);
    case 'release':
      return story.release({ waived: twist % 8 === 0 });
    case 'mix': {
      // A file that cites another's papers.
      const paper = (['loan', 'grant', 'order', 'status', 'evaluation', 'pledge', 'receipt'] as const)[
        twist % 7
      ]!;
      if (paper === 'receipt') story.receipt = other.receipt;
      else story[paper] = other[paper];
      return undefined;
    }
    case 'pause':
      story.world.pass(pauses[twist % pauses.length]!);
      return undefined;
    default:
      return story[action]();
  }
}

/** How often each transition took effect, and each code was given. */
const taken = new Map<string, number>();
const count = (name: string): void => void taken.set(name, (taken.get(name) ?? 0) + 1);

function checkStep(files: Files, taking: Step): void {
  const { world } = files;
  const before = [...world.objects()];
  const root = world.root();
  const outcome = take(files.files[taking.file]!, taking, files);
  if (outcome === undefined) return;
  count(codeOf(outcome));
  if (outcome.refusal === undefined) {
    count(world.callOf(outcome.id));
    assert.equal(findBreaches(world), []);
    assert.equal(findRewrites(before, world.objects()), []);
    return;
  }
  assert.is(world.root(), root, 'a refusal changes nothing');
  if (codeOf(outcome) === 'E_ENCUMBERED') {
    const rival = outcome.refusal.conflict!;
    const held = world.read(encumbrance, world.read(pledge, rival).unit);
    assert.ok(
      held.entries.some((entry) => equalBytes(entry.pledge, rival)),
      'the winner holds the unit',
    );
  }
}

walk(`${WALKS} walks of ${STEPS} steps on average break no invariant`, () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 1, 1),
      fc.array(step, { minLength: 1, maxLength: 2 * STEPS, size: 'max' }),
      (beginning, steps) => {
        const files = forkFiles(beginnings[beginning]!);
        for (const taking of steps) checkStep(files, taking);
        for (const stored of files.world.objects()) {
          if (stored.type === 'pledge') count(`pledge ${files.world.read(pledge, stored.id).state}`);
        }
      },
    ),
    { numRuns: WALKS, seed: SEED, includeErrorInReport: true },
  );
});

walk('the walks went everywhere', () => {
  const wanted = [
    'issue-receipt',
    'order-receipt',
    'apply',
    'withdraw',
    'authorise',
    'revoke-grant',
    'supply-status',
    'evaluate',
    'decide',
    'agree-pledge',
    'perfect-pledge',
    'draw',
    'repay',
    'release',
    'warn',
    'E_ID_LIVE',
    'E_OVERISSUE',
    'E_ENCUMBERED',
    'E_RECEIPT_OUT',
    'E_INSUFFICIENT',
    'E_INELIGIBLE',
    'E_LIMIT',
    'E_DEBT',
    'E_STATE',
    'E_SCOPE',
    'E_STALE',
    'E_EVIDENCE',
    'E_NO_CONTROL',
    'E_NO_CONSENT',
    'E_CURRENCY',
    'pledge AGREED',
    'pledge PERFECTED',
    'pledge WARNED',
    'pledge RELEASED',
    'pledge LAPSED',
  ];
  const rare = wanted.filter((name) => (taken.get(name) ?? 0) < 5);
  assert.equal(rare, [], JSON.stringify(Object.fromEntries(taken)));
});

walk('the same calls give the same state, object by object', () => {
  const steps = fc.sample(fc.array(step, { minLength: 200, maxLength: 200, size: 'max' }), {
    numRuns: 1,
    seed: SEED,
  })[0]!;
  const files = forkFiles(beginnings[1]);
  const replay = files.world.fork();
  const calls: { readonly call: SignedCall; readonly time: number }[] = [];
  files.world.onCall = (call) => calls.push({ call, time: files.world.time });
  for (const taking of steps) take(files.files[taking.file]!, taking, files);
  for (const { call, time } of calls) {
    replay.time = time;
    replay.execute(call);
  }
  assert.ok(calls.length > 150);
  assert.is(toHex(replay.state.map.root), files.world.root());
});

walk.run();
