/** Two banks, one unit (R001, R045): whatever the order, exactly one has it, and the other is told who does. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { findBreaches } from '../contracts/invariants.ts';
import { encumbrance } from '../contracts/objects/encumbrance.ts';
import { pledge } from '../contracts/objects/pledge.ts';
import { agreePledge } from '../contracts/transitions/agree-pledge.ts';
import { withdraw } from '../contracts/transitions/application.ts';
import { callId, type SignedCall } from '../vertex/call.ts';
import { codeOf, conflictOf, OTHER_SSCC, QUANTITY, Story, storyAt } from './contract-story.ts';
import { idOf, World } from './contract-world.ts';

const race = suite('race');

interface Contest {
  readonly world: World;
  readonly calls: readonly SignedCall[];
  readonly unit: Uint8Array;
}

/** Two banks approved on one unit, each with its signed pledge in hand. */
function contest(receipted: boolean): Contest {
  const story = storyAt('approved');
  const rival = story.rival('approved');
  if (receipted) rival.receipt = story.issue().id;
  const calls = [story, rival].map(({ world, bank, loan, receipt, unit }) =>
    world.compose(
      agreePledge,
      { unit, quantity: QUANTITY, receipt, behind: undefined, line: undefined, loan, ceiling: 1_000_000 },
      ['acme', bank],
    ),
  );
  return { world: story.world, calls, unit: story.unit };
}

for (const receipted of [false, true]) {
  race(
    `of two pledges of one ${receipted ? 'receipt' : 'unit'} the first in order wins, in both orders`,
    () => {
      const start = contest(receipted);
      for (const order of [
        [0, 1],
        [1, 0],
      ]) {
        const world = start.world.fork();
        const [won, lost] = order.map((index) => world.execute(start.calls[index]!));
        assert.is(codeOf(won!), 'OK');
        assert.is(codeOf(lost!), 'E_ENCUMBERED');
        assert.is(conflictOf(lost!), toHex(won!.id));
        assert.equal(
          world.read(encumbrance, start.unit).entries.map((entry) => toHex(entry.pledge)),
          [toHex(won!.id)],
        );
        assert.is(world.get(pledge, lost!.id), undefined);
      }
    },
  );
}

race('the loser loses again after perfection, and wins once the goods are released', () => {
  const story = storyAt('approved');
  const rival = story.rival('approved');
  story.agree();
  assert.is(codeOf(rival.agree()), 'E_ENCUMBERED');
  story.perfect();
  const refused = rival.agree();
  assert.is(codeOf(refused), 'E_ENCUMBERED');
  assert.is(refused.refusal?.facts.state, 'PLEDGED');
  assert.is(refused.refusal?.facts.rank, 1);
  story.release();
  assert.is(codeOf(rival.agree()), 'OK');
  assert.is(codeOf(rival.perfect()), 'OK');
});

race('the refusal names no party and no quantity of the winner', () => {
  const start = contest(false);
  start.world.execute(start.calls[0]!);
  const facts = JSON.stringify(start.world.execute(start.calls[1]!).refusal?.facts);
  assert.not.ok(facts.includes(toHex(idOf('bankA'))));
  assert.equal(Object.keys(JSON.parse(facts)).sort(), ['asked', 'rank', 'state']);
});

race(
  'four pledges of two banks on two units, in all orders: one winner a unit, and the same state for the same order',
  () => {
    const world = World.enrolled();
    const stories = [undefined, OTHER_SSCC].flatMap((label) => {
      const first = new Story(world, label === undefined ? {} : { label }).reach('approved');
      return [first, first.rival('approved')];
    });
    const calls = stories.map(({ bank, loan, unit }) =>
      world.compose(
        agreePledge,
        {
          unit,
          quantity: QUANTITY,
          receipt: undefined,
          behind: undefined,
          line: undefined,
          loan,
          ceiling: 1_000_000,
        },
        ['acme', bank],
      ),
    );
    const roots = new Map<string, string>();
    const indices = [0, 1, 2, 3];
    fc.assert(
      fc.property(fc.shuffledSubarray(indices, { minLength: 4 }), (order) => {
        const copy = world.fork();
        const outcomes = order.map((index) => ({ index, ...copy.execute(calls[index]!) }));
        for (const pair of [
          [0, 1],
          [2, 3],
        ]) {
          const [won, lost] = outcomes.filter(({ index }) => pair.includes(index));
          assert.is(codeOf(won!), 'OK');
          assert.is(codeOf(lost!), 'E_ENCUMBERED');
          assert.is(conflictOf(lost!), toHex(callId(calls[won!.index]!.header)));
        }
        assert.equal(findBreaches(copy), []);
        const name = order.join();
        assert.is(roots.get(name) ?? copy.root(), copy.root());
        roots.set(name, copy.root());
      }),
      { numRuns: 80 },
    );
    assert.ok(roots.size > 12, `${roots.size} orders`);
  },
);

race(
  'random pledges of a lot: what is held never exceeds what is there, and each refusal names a holder',
  () => {
    const start = storyAt('approved', 'lot');
    const rival = start.rival('approved');
    const files = [start, rival];
    const asked = fc.record({ bank: fc.nat(1), quantity: fc.integer({ min: 1, max: 700_000 }) });
    fc.assert(
      fc.property(fc.array(asked, { minLength: 2, maxLength: 8 }), (pledges) => {
        const world = start.world.fork();
        let held = 0;
        for (const { bank, quantity } of pledges) {
          const { loan, unit, bank: bankName } = files[bank]!;
          const outcome = world.run(
            agreePledge,
            { unit, quantity, receipt: undefined, behind: undefined, line: undefined, loan, ceiling: 1 },
            ['acme', bankName],
          );
          if (held + quantity <= QUANTITY) {
            assert.is(codeOf(outcome), 'OK');
            held += quantity;
          } else {
            assert.is(codeOf(outcome), 'E_ENCUMBERED');
            assert.is(world.read(pledge, outcome.refusal!.conflict!).state, 'AGREED');
          }
        }
        const quantities = world.get(encumbrance, start.unit)?.quantities ?? [];
        assert.is(
          quantities.reduce((sum, quantity) => sum + quantity, 0),
          held,
        );
      }),
      { numRuns: 100 },
    );
  },
);

race('a withdrawn rival is no rival', () => {
  const story = storyAt('approved');
  const rival = story.rival('approved');
  story.world.run(withdraw, { loan: rival.loan }, ['acme']);
  assert.is(codeOf(rival.agree()), 'E_STATE');
  assert.is(codeOf(story.agree()), 'OK');
});

race.run();
