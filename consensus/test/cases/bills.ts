/** Cases of the bills' rows (35–39). */

import { moneyId } from '../../contracts/objects/money.ts';
import { type BillStory, billAt, DUE, FACE } from '../bill-steps.ts';
import { DAY_MS, nowhere } from '../contract-story.ts';
import { idOf, type Outcome } from '../contract-world.ts';
import { euros } from '../loan-steps.ts';
import type { Cases } from './cases.ts';

function then(story: BillStory, ...steps: readonly ((story: BillStory) => Outcome)[]): Outcome {
  let last: Outcome | undefined;
  for (const step of steps) last = step(story);
  return last!;
}
/** The bill is that of another world. */
const lost = (story: BillStory): BillStory => Object.assign(story, { bill: nowhere });
const funded = (story: BillStory, ...names: readonly Parameters<BillStory['fund']>[0][]): BillStory => {
  for (const name of names) story.fund(name);
  return story;
};
const paid = (): BillStory => {
  const story = funded(billAt('presented'), 'acme');
  story.pay();
  return story;
};
const marked = (): BillStory => {
  const story = billAt('issued');
  story.issue({ transferable: false });
  story.accept();
  return story;
};
/** It has passed as often as a bill can: zenith holds it. */
const worn = (): BillStory => {
  const story = billAt('accepted');
  for (let i = 0; i < 8; i++) {
    story.endorse('zenith', 'carrier');
    story.endorse('carrier', 'zenith');
  }
  return story;
};

export const cases: Cases = {
  'issue-bill': {
    OK: { 'to the drawer’s own order': () => billAt('issued').issue() },
    E_NOT_FOUND: {
      'the drawee is unknown': () => billAt('issued').issue({ drawee: nowhere }),
      'the payee is unknown': () => billAt('issued').issue({ payee: nowhere }),
      'no such money': () => billAt('none').issue(),
    },
    E_SCHEMA: {
      'due now': () => {
        const story = billAt('issued');
        return story.issue({ due: story.world.time + 250 });
      },
      'drawn on oneself': () => billAt('issued').issue({ drawee: idOf('zenith') }),
    },
  },
  'accept-bill': {
    OK: { 'before it is due': () => billAt('issued').accept() },
    E_NOT_FOUND: { 'the bill is unknown': () => lost(billAt('issued')).accept() },
    E_STATE: {
      twice: () => billAt('accepted').accept(),
      'it is due': () => {
        const story = billAt('issued');
        story.world.time = DUE - 250;
        return story.accept();
      },
    },
  },
  'endorse-bill': {
    OK: {
      'once accepted': () => billAt('accepted').endorse('zenith', 'carrier'),
      'before it is accepted': () => billAt('issued').endorse('zenith', 'carrier'),
      'back to the acceptor': () => billAt('accepted').endorse('zenith', 'acme'),
      'a moment before it is due': () => {
        const story = billAt('accepted');
        story.world.time = DUE - 251;
        return story.endorse('zenith', 'carrier');
      },
    },
    E_NOT_FOUND: { 'the bill is unknown': () => lost(billAt('accepted')).endorse('zenith', 'carrier') },
    E_NOT_HOLDER: {
      'a former holder passes it again': () => billAt('endorsed').endorse('zenith', 'bankA'),
      'nobody but the endorsee signs': () =>
        billAt('accepted').endorse('zenith', 'carrier', FACE, ['carrier']),
    },
    E_PARTIAL: {
      'half of it': () => billAt('accepted').endorse('zenith', 'carrier', FACE / 2),
      'more than it': () => billAt('accepted').endorse('zenith', 'carrier', FACE + 1),
    },
    E_POLICY: { 'sixteen times before': () => worn().endorse('zenith', 'carrier') },
    E_SCHEMA: { 'to oneself': () => billAt('accepted').endorse('zenith', 'zenith') },
    E_STATE: {
      'it is due': () => {
        const story = billAt('accepted');
        story.world.time = DUE - 250;
        return story.endorse('zenith', 'carrier');
      },
      'it is dishonoured': () => billAt('dishonoured').endorse('bankB', 'bankA'),
      'it is marked': () => marked().endorse('zenith', 'carrier'),
    },
  },
  'discount-bill': {
    OK: {
      'to the cent that the bank has': () => {
        const story = billAt('accepted');
        story.fund('bankB', 987_500);
        return story.discount('zenith');
      },
      'in another bank’s euros': () => {
        const story = billAt('accepted');
        story.fund('bankB', FACE, 'bankB');
        return story.discount('zenith', { money: euros('bankB') });
      },
    },
    E_CURRENCY: {
      dollars: () => {
        const story = billAt('accepted');
        story.fund('bankB', FACE, 'bankA', 'USD');
        return story.discount('zenith', { money: dollars() });
      },
    },
    E_FUNDS: {
      'a cent less': () => {
        const story = billAt('accepted');
        story.fund('bankB', 987_499);
        return story.discount('zenith');
      },
    },
    E_NOT_FOUND: {
      'the bill is unknown': () => lost(billAt('accepted')).discount('zenith'),
      'no such money': () => billAt('accepted').discount('zenith', { money: nowhere }),
    },
    E_NOT_HOLDER: {
      'a former holder sells it again': () =>
        funded(billAt('endorsed'), 'bankA').discount('zenith', { bank: idOf('bankA') }, ['zenith', 'bankA']),
    },
    E_POLICY: { 'it has passed sixteen times': () => funded(worn(), 'bankB').discount('zenith') },
    E_SCHEMA: {
      'the bank holds it': () => funded(billAt('endorsed'), 'bankB').discount('bankB'),
      'the discount eats the face': () => {
        const story = billAt('none');
        story.fund('bankA', 1);
        story.issue({ due: DUE + 270 * DAY_MS });
        story.accept();
        return story.discount('zenith', { rateBp: 10_000 });
      },
    },
    E_STATE: {
      'it is not accepted': () => funded(billAt('issued'), 'bankB').discount('zenith'),
      'it is due': () => {
        const story = funded(billAt('accepted'), 'bankB');
        story.world.time = DUE;
        return story.discount('zenith');
      },
      'it is marked': () => funded(marked(), 'bankB').discount('zenith'),
    },
  },
  'present-bill': {
    OK: {
      'at its due date': () => {
        const story = billAt('endorsed');
        story.world.time = DUE - 250;
        return story.present('bankB');
      },
      'never accepted': () => billAt('due', false).present('bankB'),
    },
    E_EARLY: {
      'a moment before': () => {
        const story = billAt('endorsed');
        story.world.time = DUE - 251;
        return story.present('bankB');
      },
    },
    E_NOT_FOUND: { 'the bill is unknown': () => lost(billAt('due')).present('bankB') },
    E_NOT_HOLDER: { 'a former holder': () => billAt('due').present('carrier') },
    E_PAID: { 'it is paid': () => paid().present('bankB') },
    E_STATE: { twice: () => billAt('presented').present('bankB') },
  },
  'pay-bill': {
    OK: {
      'in time': () => funded(billAt('presented'), 'acme').pay(),
      'late, but not yet dishonoured': () => {
        const story = funded(billAt('presented'), 'acme');
        story.world.pass(30 * DAY_MS);
        return story.pay();
      },
      'by a drawee who never accepted': () => funded(billAt('presented', false), 'acme').pay(),
    },
    E_EARLY: { 'not yet due': () => funded(billAt('endorsed'), 'acme').pay() },
    E_FUNDS: {
      'a cent less': () => {
        const story = billAt('presented');
        story.fund('acme', FACE - 1);
        return story.pay();
      },
    },
    E_NOT_FOUND: { 'the bill is unknown': () => lost(billAt('presented')).pay() },
    E_PAID: {
      twice: () =>
        then(
          paid(),
          (story) => story.fund('acme'),
          (story) => story.pay(),
        ),
    },
    E_STATE: {
      'not presented': () => funded(billAt('due'), 'acme').pay(),
      'it is dishonoured': () => funded(billAt('dishonoured'), 'acme').pay(),
    },
  },
  'refuse-bill': {
    OK: { 'once presented': () => billAt('presented').refuse() },
    E_NOT_FOUND: { 'the bill is unknown': () => lost(billAt('presented')).refuse() },
    E_NO_PRESENT: {
      'it is only accepted': () => billAt('due').refuse(),
      'it is only issued': () => billAt('issued').refuse(),
    },
    E_STATE: {
      'it is paid': () => paid().refuse(),
      'it is refused': () => billAt('dishonoured').refuse(),
    },
  },
  'dishonour-bill': {
    // Presented on Sunday 2026-04-05: two business days end on Tuesday at the same hour.
    OK: { 'after two business days': () => overdue(2 * DAY_MS).dishonour() },
    E_NOT_DUE: {
      'in the last moment': () => overdue(2 * DAY_MS - 250).dishonour(),
      'finality paused meanwhile': () => {
        const story = billAt('presented');
        story.world.pause(DAY_MS);
        story.world.pass(2 * DAY_MS - 250);
        return story.dishonour();
      },
    },
    E_NOT_FOUND: { 'the bill is unknown': () => lost(billAt('presented')).dishonour() },
    E_NO_PRESENT: { 'nobody presented it': () => billAt('due').dishonour() },
    E_STATE: {
      'it is paid': () => paid().dishonour(),
      'it is dishonoured': () => billAt('dishonoured').dishonour(),
    },
  },
  'claim-recourse': {
    OK: {
      'from the last endorser': () => billAt('dishonoured').claim('bankB', 'carrier'),
      'from the drawer, over the endorser': () => billAt('dishonoured').claim('bankB', 'zenith'),
      'from the acceptor': () => billAt('dishonoured').claim('bankB', 'acme'),
      'from another than before': () =>
        then(
          billAt('dishonoured'),
          (story) => story.claim('bankB', 'carrier'),
          (story) => story.claim('bankB', 'zenith'),
        ),
    },
    E_NOT_FOUND: { 'the bill is unknown': () => lost(billAt('dishonoured')).claim('bankB', 'carrier') },
    E_NOT_HOLDER: { 'an endorser who has not paid': () => billAt('dishonoured').claim('carrier', 'zenith') },
    E_STANDING: {
      'the drawee never accepted': () => [billAt('dishonoured', false).claim('bankB', 'acme'), idOf('acme')],
      'a stranger': () => billAt('dishonoured').claim('bankB', 'monitor'),
      'the payer claims downward': () =>
        then(
          funded(billAt('dishonoured'), 'zenith'),
          (story) => story.takeUp('zenith'),
          (story) => story.claim('zenith', 'carrier'),
        ),
    },
    E_STATE: { 'it is only presented': () => billAt('presented').claim('bankB', 'carrier') },
  },
  'pay-recourse': {
    OK: {
      'the endorser, then the drawer, then the acceptor': () =>
        then(
          funded(billAt('dishonoured'), 'carrier', 'zenith', 'acme'),
          (story) => story.takeUp('carrier'),
          (story) => story.takeUp('zenith'),
          (story) => story.takeUp('acme'),
        ),
      'the drawer at once': () => funded(billAt('dishonoured'), 'zenith').takeUp('zenith'),
      'a drawee who never accepted': () => funded(billAt('dishonoured', false), 'acme').takeUp('acme'),
    },
    E_FUNDS: { 'the account is empty': () => billAt('dishonoured').takeUp('carrier') },
    E_NOT_FOUND: { 'the bill is unknown': () => lost(billAt('dishonoured')).takeUp('carrier') },
    E_STANDING: {
      'the holder itself': () => funded(billAt('dishonoured'), 'bankB').takeUp('bankB'),
      'one whom the payer has discharged': () =>
        then(
          funded(billAt('dishonoured'), 'zenith', 'carrier'),
          (story) => story.takeUp('zenith'),
          (story) => story.takeUp('carrier'),
        ),
    },
    E_STATE: {
      'it is presented': () => funded(billAt('presented'), 'carrier').takeUp('carrier'),
      'it is settled': () =>
        then(
          funded(billAt('dishonoured'), 'acme', 'zenith'),
          (story) => story.takeUp('acme'),
          (story) => story.takeUp('zenith'),
        ),
    },
  },
};

function overdue(ms: number): BillStory {
  const story = billAt('presented');
  story.world.pass(ms);
  return story;
}

function dollars(): Uint8Array {
  return moneyId(idOf('bankA'), 'USD');
}
