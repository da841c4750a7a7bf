/** Cases of the policy pack, and of what it refuses (row 0, R047). */

import { exposure, exposureId } from '../../contracts/objects/exposure.ts';
import { party } from '../../contracts/registry.ts';
import { nowhere, type Stage, type Story, storyAt } from '../contract-story.ts';
import { idOf, type Outcome, World } from '../contract-world.ts';
import { type LimitStage, type LimitStory, lineAt } from '../limit-steps.ts';
import { firstPack, forget, know, state } from '../policy-steps.ts';
import type { Cases, Ran } from './cases.ts';

const plain = (): { readonly world: World } => ({ world: World.enrolled() });
const sorted = (...ids: readonly Uint8Array[]): Uint8Array[] =>
  [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** Something that happens first, in the same world. */
export type Before = (holder: { readonly world: World }) => void;

/** What gives credit, or takes security. */
export const credited: { readonly [transition: string]: (before: Before) => Outcome } = {
  apply: onStory('registered', (story) => story.apply()),
  decide: onStory('evaluated', (story) => story.approve()),
  'agree-pledge': onStory('approved', (story) => story.agree()),
  draw: onStory('perfected', (story) => story.draw()),
  'apply-limit': onLine('none', (line) => line.applyForLine()),
  'validate-limit': onLine('applied', (line) => line.validate()),
  'draw-limit': onLine('measured', (line) => line.draw()),
};

function onStory(stage: Stage, run: (story: Story) => Outcome) {
  return (before: Before): Outcome => {
    const story = storyAt(stage);
    before(story);
    return run(story);
  };
}

function onLine(stage: LimitStage, run: (line: LimitStory) => Outcome) {
  return (before: Before): Outcome => {
    const line = lineAt(stage);
    before(line);
    return run(line);
  };
}

const refusedAll: Cases = Object.fromEntries(
  Object.entries(credited).map(([transition, run]): [string, Cases[string]] => [
    transition,
    {
      OK: {
        'another party is blocked, and the borrower is known': () =>
          run((story) => {
            know(story);
            state(story, { blocked: [idOf('zenith')], kycRequired: true });
          }),
      },
      E_BLOCKED: {
        'the borrower': (): Ran => [
          run((story) => void state(story, { blocked: [idOf('acme')] })),
          firstPack,
        ],
        'the bank': () => run((story) => void state(story, { blocked: [idOf('bankA')] })),
        'who controls the borrower': () =>
          run((story) => {
            story.world.change(party, idOf('acme'), { controller: idOf('zenith') });
            state(story, { blocked: [idOf('zenith')] });
          }),
      },
      E_KYC: {
        'nobody knows the borrower': (): Ran => [
          run((story) => void state(story, { kycRequired: true })),
          firstPack,
        ],
        'who knew it took that back': () =>
          run((story) => {
            know(story);
            forget(story);
            state(story, { kycRequired: true });
          }),
      },
    },
  ]),
);

export const cases: Cases = {
  ...refusedAll,
  draw: {
    ...refusedAll['draw']!,
    E_EXPOSURE: {
      'more than may be owed to all banks': () => {
        const story = storyAt('perfected');
        state(story, { caps: [{ currency: 'EUR', most: 899_999 }] });
        return [story.draw(), firstPack];
      },
    },
  },
  'draw-limit': {
    ...refusedAll['draw-limit']!,
    E_EXPOSURE: {
      'the second of two': () => {
        const line = lineAt('measured');
        state(line, { caps: [{ currency: 'EUR', most: 15_000 }] });
        line.draw();
        return [line.draw(), firstPack];
      },
    },
    E_RANGE: {
      'as much as there can be is owed elsewhere': () => {
        const line = lineAt('measured');
        const debtor = idOf('acme');
        const owed = { debtor, currency: 'EUR', owed: Number.MAX_SAFE_INTEGER, call: nowhere, height: 1 };
        line.world.put(exposure, exposureId(debtor, 'EUR'), owed);
        return line.draw();
      },
    },
  },
  'state-policy': {
    OK: {
      'the first': () => state(plain(), { kycRequired: true, blocked: [idOf('zenith')] }),
      'the second, once the first applies': () => {
        const story = plain();
        state(story);
        return state(story);
      },
    },
    E_ROLE: { 'two seats': () => state(plain(), {}, ['bankA', 'monitor']) },
    E_SCHEMA: {
      'blocked do not ascend': () =>
        state(plain(), { blocked: sorted(idOf('zenith'), idOf('acme')).reverse() }),
      'one is blocked twice': () => state(plain(), { blocked: [idOf('zenith'), idOf('zenith')] }),
      'a currency twice': () => state(plain(), { caps: [5, 6].map((most) => ({ currency: 'EUR', most })) }),
      'for a height that nobody lives to see': () => {
        const story = plain();
        return state(story, { from: story.world.height + 1_000_003 });
      },
      'no currency': () => state(plain(), { caps: [{ currency: 'EU', most: 5 }] }),
    },
    E_STALE: {
      'from now on': () => {
        const story = plain();
        return state(story, { from: story.world.height + 1 });
      },
    },
    E_STATE: {
      'not the next': () => state(plain(), { number: 2 }),
      'the one before still waits': () => {
        const story = plain();
        state(story, { from: 1_000 });
        return [state(story), firstPack];
      },
    },
  },
  'state-kyc': {
    OK: {
      plain: () => know(plain()),
      'again, by another': () => {
        const story = plain();
        know(story);
        return know(story, 'acme', { by: idOf('monitor') }, ['monitor']);
      },
    },
    E_NOT_FOUND: { 'no such party': () => know(plain(), 'acme', { party: nowhere }) },
    E_SCHEMA: {
      'until now': () => {
        const story = plain();
        return know(story, 'acme', { until: story.world.time });
      },
    },
    E_STANDING: { 'of itself': () => know(plain(), 'bankA') },
  },
  'revoke-kyc': {
    OK: {
      plain: () => {
        const story = plain();
        know(story);
        return forget(story);
      },
    },
    E_NOT_FOUND: { 'nobody stated it': () => forget(plain()) },
    E_ROLE: {
      'another bank': () => {
        const story = plain();
        know(story);
        return forget(story, 'acme', ['bankB']);
      },
    },
    E_STATE: {
      'taken back before': () => {
        const story = plain();
        know(story);
        forget(story);
        return forget(story);
      },
    },
  },
};
