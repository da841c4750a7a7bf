/** Cases of the things' rows (40–43), and of the mandate's end (row 22). */

import { moneyId } from '../../contracts/objects/money.ts';
import { virtualAccountId } from '../../contracts/objects/virtual-account.ts';
import { zero32 } from '../../crypto/hash.ts';
import { DAY_MS, nowhere } from '../contract-story.ts';
import { deviceId, HOUR_MS, idOf, type Outcome } from '../contract-world.ts';
import { closeOf, euros, redeemFrom } from '../loan-steps.ts';
import { able, limits, phone, type ThingStory, thingAt, truck, truckEuros } from '../thing-steps.ts';
import type { Cases } from './cases.ts';

function then(story: ThingStory, ...steps: readonly ((story: ThingStory) => Outcome)[]): Outcome {
  let last: Outcome | undefined;
  for (const step of steps) last = step(story);
  return last!;
}
const lost = (story: ThingStory): ThingStory => Object.assign(story, { mandate: nowhere });
const after = (story: ThingStory, ms: number): ThingStory => {
  story.world.pass(ms);
  return story;
};
const suspended = (): ThingStory => {
  const story = thingAt('given');
  story.suspend();
  return story;
};
const revoked = (): ThingStory => {
  const story = thingAt('given');
  story.revoke();
  return story;
};
/** The truck's money at another bank, or in another currency; opened. */
function another(story: ThingStory, issuer: 'bankA' | 'bankB', currency: string): Uint8Array {
  story.fund('acme', 1, issuer, currency);
  const money = moneyId(idOf(issuer), currency);
  story.open({ money }, ['acme', issuer, 'truck']);
  return virtualAccountId(truck, money);
}
/** The owner has closed the account that the truck's is bound to. */
const closed = (story = thingAt('given')): ThingStory => {
  redeemFrom(story, 'acme', 100_000);
  closeOf(story, 'acme');
  return story;
};
/** … and opened another. */
const reopened = (): ThingStory => {
  const story = closed();
  story.fund('acme', 50_000);
  return story;
};
/** The truck has passed to zenith and back. */
const returned = (): ThingStory => {
  const story = thingAt('given');
  story.transfer();
  story.transfer('acme', ['zenith', 'acme', 'monitor']);
  return story;
};
/** The device's new enrolment has no key. */
const keyless = (story: ThingStory, identifier = 'truck'): ThingStory => {
  story.enrol(identifier, 'acme', '', true);
  return story;
};
const gate = deviceId('gate');
/** The carrier's gate takes payments, on an account of its own. */
const gated = (): ThingStory => {
  const story = thingAt('given');
  story.enrol('gate', 'carrier');
  story.fund('carrier', 1);
  story.open({ device: gate }, ['carrier', 'bankA', 'gate']);
  return story;
};
const atGate = (story: ThingStory, by: readonly string[] = ['truck', 'gate']): Outcome =>
  story.pay({ payeeThing: gate }, by);
/** Three payments in a window of three. */
const spent = (): ThingStory => {
  const story = thingAt('given');
  for (let i = 0; i < 3; i++) story.pay();
  return story;
};

function acknowledged(): Outcome {
  const story = thingAt('given');
  return story.acknowledge(story.pay().id);
}

export const cases: Cases = {
  'open-account': {
    OK: {
      'one of the truck': () => thingAt('enrolled').open(),
      'a second, at another bank': () => {
        const story = thingAt('opened');
        story.fund('acme', 1, 'bankB');
        return story.open({ money: euros('bankB') }, ['acme', 'bankB', 'truck']);
      },
      'bound anew, after the owner’s was closed': () => reopened().open(),
    },
    E_CREDENTIAL: {
      'it has no identity': () => [
        thingAt('enrolled').open({ capabilities: { ...able, identity: false } }),
        truck,
      ],
    },
    E_DEVICE_STATE: {
      'it is revoked': () =>
        then(
          thingAt('enrolled'),
          (s) => s.revokeDevice(),
          (s) => s.open(),
        ),
      'it has no key': () => keyless(thingAt('enrolled')).open(),
    },
    E_ID_LIVE: { 'it is open': () => [thingAt('opened').open(), truckEuros] },
    E_NOT_FOUND: {
      'no such device': () => thingAt('enrolled').open({ device: nowhere }),
      'no such money': () => thingAt('enrolled').open({ money: nowhere }),
    },
    E_NO_OWNER: {
      'the owner has no account': () => {
        const story = thingAt('enrolled');
        story.fund('zenith', 1, 'bankB');
        return story.open({ money: euros('bankB') }, ['acme', 'bankB', 'truck']);
      },
      'the owner has closed it': () => closed(thingAt('opened')).open(),
      'no document proves it': () => [thingAt('enrolled').open({ ownershipProof: zero32 }), truck],
      'another signs': () => thingAt('enrolled').open({}, ['zenith', 'bankA', 'truck']),
      'from tomorrow on': () => {
        const story = thingAt('enrolled');
        return story.open({ ownedSince: story.world.time + DAY_MS });
      },
      'dated otherwise than before': () => {
        const story = thingAt('opened');
        story.fund('acme', 1, 'bankB');
        return story.open({ money: euros('bankB'), ownedSince: 1 }, ['acme', 'bankB', 'truck']);
      },
      'dated before it was bought back': () => returned().open(),
    },
    E_POLICY: {
      'four are open': () => {
        const story = thingAt('opened');
        for (const currency of ['USD', 'GBP', 'CHF']) another(story, 'bankA', currency);
        story.fund('acme', 1, 'bankB');
        return story.open({ money: euros('bankB') }, ['acme', 'bankB', 'truck']);
      },
    },
    E_ROLE: {
      'the thing did not sign': () => thingAt('enrolled').open({}, ['acme', 'bankA']),
      'the bank did not sign': () => thingAt('enrolled').open({}, ['acme', 'truck']),
    },
  },
  'transfer-thing': {
    OK: {
      'with a mandate': () => thingAt('given').transfer(),
      'of a device that never paid': () => thingAt('enrolled').transfer(),
    },
    E_DEVICE_STATE: {
      'it is revoked': () =>
        then(
          thingAt('given'),
          (s) => s.revokeDevice(),
          (s) => s.transfer(),
        ),
    },
    E_NOT_FOUND: {
      'no such device': () => thingAt('given').transfer('zenith', ['acme', 'zenith', 'monitor'], 'boat'),
    },
    E_NO_OWNER: {
      'the owner did not sign': () => thingAt('given').transfer('zenith', ['zenith', 'monitor']),
    },
    E_ROLE: {
      'no monitor': () => thingAt('given').transfer('zenith', ['acme', 'zenith']),
      'the new owner did not sign': () => thingAt('given').transfer('zenith', ['acme', 'monitor']),
    },
    E_SCHEMA: { 'to its owner': () => thingAt('given').transfer('acme') },
  },
  'give-mandate': {
    OK: {
      'all six limits': () => thingAt('opened').give(),
      'without a second device': () =>
        thingAt('opened').give({ threshold: 5_000 }, { second: undefined, warnBp: undefined }),
      'from two accounts in one currency': () => {
        const story = thingAt('opened');
        return story.give({ means: [truckEuros, another(story, 'bankB', 'EUR')] });
      },
    },
    E_DEVICE_STATE: {
      'the thing is revoked': () =>
        then(
          thingAt('opened'),
          (s) => s.revokeDevice(),
          (s) => s.give(),
        ),
      'the second is revoked': () =>
        then(
          thingAt('opened'),
          (s) => s.revokeDevice('phone'),
          (s) => s.give(),
        ),
      'its enrolment has expired': () => {
        const story = thingAt('given');
        story.enrol('truck', 'acme', 'truck', true, story.world.time + HOUR_MS);
        return after(story, HOUR_MS + 1).pay();
      },
      'the second is another’s': () => thingAt('opened').give({}, { second: deviceId('scale') }),
      'the second has no key': () => keyless(thingAt('opened'), 'phone').give(),
    },
    E_NOT_FOUND: {
      'no such thing': () => thingAt('enrolled').give(),
      'a payee is unknown': () => thingAt('opened').give({ payees: [nowhere] }),
      'the second is unknown': () => thingAt('opened').give({}, { second: nowhere }),
    },
    E_POLICY: {
      'eight are live': () => {
        const story = thingAt('opened');
        for (let i = 0; i < 8; i++) story.give();
        return story.give();
      },
    },
    E_SCOPE: {
      'a payee twice': () => thingAt('opened').give({ payees: [idOf('carrier'), idOf('carrier')] }),
      'an account twice': () => thingAt('opened').give({ means: [truckEuros, truckEuros] }),
      'it ends now': () => {
        const story = thingAt('opened');
        return story.give({ until: story.world.time + 250 });
      },
      'no minute of the day': () => thingAt('opened').give({ fromMinute: 600, untilMinute: 600 }),
      'one payment above the window': () => thingAt('opened').give({ amountMax: 12_001 }),
      'above the threshold nobody could sign': () =>
        thingAt('opened').give({ threshold: 4_999 }, { second: undefined }),
      'the second is the thing': () => thingAt('opened').give({}, { second: truck }),
      'not the thing’s account': () => thingAt('opened').give({ means: [virtualAccountId(phone, euros())] }),
      'a closed account': () => {
        const story = returned();
        return story.give();
      },
      'two currencies': () => {
        const story = thingAt('opened');
        return story.give({ means: [truckEuros, another(story, 'bankA', 'USD')] });
      },
    },
  },
  'narrow-mandate': {
    OK: {
      'in every limit': () =>
        thingAt('given').narrow({
          payees: [idOf('carrier')],
          contents: ['toll'],
          from: limits.from + 1,
          until: limits.until - 1,
          fromMinute: 7 * 60,
          untilMinute: 21 * 60,
          amountMax: 4_000,
          windowAmount: 9_000,
          windowCount: 2,
          threshold: 1_000,
        }),
      'while it is suspended': () => suspended().narrow({ windowCount: 1 }),
      'below what is spent': () => then(spent(), (s) => s.narrow({ windowCount: 1 })),
    },
    E_NOT_FOUND: { 'no such mandate': () => lost(thingAt('given')).narrow() },
    E_SCOPE: {
      'another payee': () => thingAt('given').narrow({ payees: [idOf('carrier'), idOf('zenith')] }),
      'another content': () => thingAt('given').narrow({ contents: ['fuel'] }),
      'from earlier on': () => thingAt('given').narrow({ from: limits.from - 1 }),
      'for longer': () => thingAt('given').narrow({ until: limits.until + 1 }),
      'earlier in the day': () => thingAt('given').narrow({ fromMinute: limits.fromMinute - 1 }),
      'later in the day': () => thingAt('given').narrow({ untilMinute: limits.untilMinute + 1 }),
      'another account': () => {
        const story = thingAt('given');
        return story.narrow({ means: [another(story, 'bankB', 'EUR')] });
      },
      'more a payment': () => thingAt('given').narrow({ amountMax: 5_001 }),
      'more a window': () => thingAt('given').narrow({ windowAmount: 12_001 }),
      'more often': () => thingAt('given').narrow({ windowCount: 4 }),
      'more without the second key': () => thingAt('given').narrow({ threshold: 2_001 }),
      'a threshold that nobody can pass': () => {
        const story = thingAt('opened');
        story.give({ threshold: 5_000 }, { second: undefined });
        return story.narrow({ threshold: 4_999 });
      },
      'to an end that is past': () => thingAt('given').narrow({ until: limits.from }),
    },
    E_STATE: { 'it is revoked': () => revoked().narrow() },
  },
  'revoke-mandate': {
    OK: {
      'an active one': () => thingAt('given').revoke(),
      'a suspended one': () => suspended().revoke(),
    },
    E_NOT_FOUND: { 'no such mandate': () => lost(thingAt('given')).revoke() },
    E_STATE: { twice: () => revoked().revoke() },
  },
  expire: {
    OK: {
      'after its end': () => after(thingAt('given'), 30 * DAY_MS).expire(),
      'while it is suspended': () => after(suspended(), 30 * DAY_MS).expire(),
    },
    E_NOT_DUE: {
      'before its end': () => thingAt('given').expire(),
      'finality paused meanwhile': () => {
        const story = thingAt('given');
        story.world.pause(30 * DAY_MS);
        return story.expire();
      },
    },
    E_NOT_FOUND: { 'no such mandate': () => lost(thingAt('given')).expire() },
    E_STATE: { 'it is revoked': () => after(revoked(), 30 * DAY_MS).expire() },
  },
  'acknowledge-payment': {
    OK: { 'by the payee': () => acknowledged() },
    E_NOT_FOUND: { 'there is none': () => thingAt('given').acknowledge(nowhere) },
    E_STATE: {
      twice: () => {
        const story = thingAt('given');
        const { id } = story.pay();
        story.acknowledge(id);
        return [story.acknowledge(id), id];
      },
    },
  },
  'pay-by-thing': {
    OK: {
      'up to the threshold': () => thingAt('given').pay(),
      'to another thing, which signs too': () => atGate(gated()),
      'in the last moment of its enrolment': () => {
        const story = thingAt('given');
        story.enrol('truck', 'acme', 'truck', true, story.world.time + HOUR_MS);
        return after(story, HOUR_MS - 2_000).pay();
      },
      'above it, with the second key': () => thingAt('given').pay({ amount: 5_000 }, ['truck', 'phone']),
      'by a new key of the same thing': () => {
        const story = thingAt('given');
        story.enrol('truck', 'acme', 'truck 2', true);
        return story.pay({ reading: { signedBy: 'truck 2' } }, ['truck 2']);
      },
      'when the first has left the window': () => after(spent(), DAY_MS - 750).pay(),
      'in the first moment of the day': () => after(thingAt('given'), 18 * HOUR_MS - 1_250).pay(),
      'in the last moment of the day': () => after(thingAt('given'), 10 * HOUR_MS - 1_251).pay(),
    },
    E_DEVICE_STATE: {
      'the payee’s thing is another’s': () => [
        thingAt('given').pay({ payeeThing: phone }, ['truck', 'phone']),
        phone,
      ],
      'the thing is revoked': () =>
        then(
          thingAt('given'),
          (s) => s.revokeDevice(),
          (s) => s.pay(),
        ),
      'the thing has no key': () => keyless(thingAt('given')).pay(),
      'the second is revoked': () =>
        then(
          thingAt('given'),
          (s) => s.revokeDevice('phone'),
          (s) => s.pay({ amount: 2_001 }, ['truck', 'phone']),
        ),
      'the second is another’s': () =>
        then(
          thingAt('given'),
          (s) => s.transfer('zenith', ['acme', 'zenith', 'monitor'], 'phone'),
          (s) => s.pay({ amount: 2_001 }, ['truck', 'phone']),
        ),
    },
    E_EVIDENCE: {
      'the event was used': () => {
        const story = thingAt('given');
        const event = story.event();
        story.pay({ event });
        return story.pay({ event });
      },
      'the event was used under another mandate': () => {
        const story = thingAt('given');
        const event = story.event();
        story.pay({ event });
        story.give();
        return story.pay({ event });
      },
      'another’s event': () =>
        thingAt('given').pay({ reading: { device: 'scale', values: { weight: '1' }, signedBy: 'scale' } }),
      'an event of nothing it is for': () => thingAt('given').pay({ reading: { values: { weight: '1' } } }),
      'not signed by the thing': () => thingAt('given').pay({ reading: { signedBy: 'phone' } }),
      'an old event': () => {
        const story = thingAt('given');
        const event = story.event();
        return after(story, HOUR_MS).pay({ event });
      },
      'not on the ledger': () => thingAt('given').pay({ event: new Uint8Array(8) }),
    },
    E_FROZEN: {
      'the owner has closed the account': () => [closed().pay(), truckEuros],
      '… and opened another, to which nothing is bound': () => [reopened().pay(), truckEuros],
      'the payee has closed its account': () => {
        const story = gated();
        redeemFrom(story, 'carrier', 1);
        closeOf(story, 'carrier');
        return [atGate(story), virtualAccountId(gate, euros())];
      },
    },
    E_FUNDS: {
      'the account has less': () => {
        const story = thingAt('enrolled');
        const poor = another(story, 'bankB', 'EUR');
        story.give({ means: [poor] });
        return story.pay({ means: poor });
      },
    },
    E_MANDATE: { 'above the threshold, alone': () => thingAt('given').pay({ amount: 2_001 }) },
    E_MANDATE_AMOUNT: {
      'more than one payment may be': () => thingAt('given').pay({ amount: 5_001 }, ['truck', 'phone']),
      'more than the window has left': () => {
        const story = thingAt('given');
        for (let i = 0; i < 2; i++) story.pay({ amount: 5_000 }, ['truck', 'phone']);
        return story.pay({ amount: 2_001 }, ['truck', 'phone']);
      },
    },
    E_MANDATE_CONTENT: { 'another content': () => thingAt('given').pay({ content: 'fuel' }) },
    E_MANDATE_FREQUENCY: {
      'the fourth in a window of three': () => spent().pay({ amount: 1 }),
      'in the last moment of the window': () => after(spent(), DAY_MS - 751).pay(),
    },
    E_MANDATE_MEANS: {
      'another account': () => {
        const story = thingAt('given');
        return story.pay({ means: another(story, 'bankB', 'EUR') });
      },
    },
    E_MANDATE_PAYEE: { 'another payee': () => thingAt('given').pay({ payee: idOf('zenith') }) },
    E_MANDATE_TIME: {
      'before it begins': () =>
        then(
          thingAt('given'),
          (s) => s.narrow({ from: s.world.time + HOUR_MS }),
          (s) => s.pay(),
        ),
      'after it ends': () => after(thingAt('given'), 30 * DAY_MS).pay(),
      // Four calls of 250 ms since noon, and this one.
      'too early in the day': () => after(thingAt('given'), 18 * HOUR_MS - 1_251).pay(),
      'too late in the day': () => after(thingAt('given'), 10 * HOUR_MS - 1_250).pay(),
    },
    E_NOT_FOUND: {
      'no such mandate': () => lost(thingAt('given')).pay(),
      'no such thing of the payee': () => thingAt('given').pay({ payeeThing: nowhere }),
    },
    E_ROLE: {
      'the payee’s thing did not sign': () => [atGate(gated(), ['truck']), gate],
      'the owner signs for it': () => thingAt('given').pay({}, ['acme']),
      'its former key signs': () => {
        const story = thingAt('given');
        story.enrol('truck', 'acme', 'truck 2', true);
        return story.pay({ reading: { signedBy: 'truck 2' } });
      },
    },
    E_ROUTE: {
      'the payee’s thing has no account': () => {
        const story = thingAt('given');
        story.enrol('gate', 'carrier');
        return [atGate(story), gate];
      },
      'no account': () => thingAt('given').pay({ means: nowhere }),
      'the account of another thing': () => {
        const story = thingAt('given');
        story.open({ device: phone }, ['acme', 'bankA', 'phone']);
        const means = virtualAccountId(phone, euros());
        return [story.pay({ means }), means];
      },
    },
    E_STATE: {
      'it is suspended': () => suspended().pay(),
      'it is revoked': () => revoked().pay(),
      'the truck was sold': () =>
        then(
          thingAt('given'),
          (s) => s.transfer(),
          (s) => s.pay(),
        ),
      'the truck was sold and bought back': () => returned().pay(),
      'it was enrolled by another, and again by its owner': () => {
        const story = thingAt('given');
        story.revokeDevice();
        story.enrol('truck', 'zenith');
        story.revokeDevice('truck', 'zenith');
        story.enrol('truck', 'acme');
        return story.pay();
      },
    },
  },
  'suspend-mandate': {
    OK: {
      'by the owner': () => thingAt('given').suspend(),
      'by the bank': () => thingAt('given').suspend('bankA'),
    },
    E_NOT_FOUND: { 'no such mandate': () => lost(thingAt('given')).suspend() },
    E_STANDING: { 'by another bank': () => [thingAt('given').suspend('bankB'), idOf('bankB')] },
    E_STATE: { twice: () => suspended().suspend() },
  },
  'suspend-on-warning': {
    OK: {
      'the count is at the share': () => spent().warn(),
      // 80 % of 12,000.
      'the amount is at the share': () => {
        const story = thingAt('given');
        story.pay({ amount: 5_000 }, ['truck', 'phone']);
        story.pay({ amount: 4_600 }, ['truck', 'phone']);
        return story.warn();
      },
      'the thing is revoked': () =>
        then(
          thingAt('given'),
          (s) => s.revokeDevice(),
          (s) => s.warn(),
        ),
      'the second is revoked': () =>
        then(
          thingAt('given'),
          (s) => s.revokeDevice('phone'),
          (s) => s.warn(),
        ),
    },
    E_NOT_DUE: {
      'a cent below the share': () => {
        const story = thingAt('given');
        story.pay({ amount: 5_000 }, ['truck', 'phone']);
        story.pay({ amount: 4_599 }, ['truck', 'phone']);
        return story.warn();
      },
      'the window has passed': () => after(spent(), DAY_MS).warn(),
      'nothing is paid since the owner resumed it': () =>
        then(
          spent(),
          (s) => s.warn(),
          (s) => s.resume(),
          (s) => s.warn(),
        ),
      'the owner wants no warning': () => {
        const story = thingAt('opened');
        story.give({}, { warnBp: undefined });
        for (let i = 0; i < 3; i++) story.pay();
        return story.warn();
      },
    },
    E_NOT_FOUND: { 'no such mandate': () => lost(thingAt('given')).warn() },
    E_STATE: { 'it is suspended': () => suspended().warn() },
  },
  'resume-mandate': {
    OK: {
      'by the owner': () => suspended().resume(),
      'by the bank that suspended it': () =>
        then(
          thingAt('given'),
          (s) => s.suspend('bankA'),
          (s) => s.resume(['bankA']),
        ),
      'by the owner after a warning': () =>
        then(
          spent(),
          (s) => s.warn(),
          (s) => s.resume(),
        ),
    },
    E_DEVICE_STATE: {
      'the thing is revoked': () =>
        then(
          suspended(),
          (s) => s.revokeDevice(),
          (s) => s.resume(),
        ),
    },
    E_NOT_FOUND: { 'no such mandate': () => lost(suspended()).resume() },
    E_ROLE: {
      'the owner, over the bank': () =>
        then(
          thingAt('given'),
          (s) => s.suspend('bankA'),
          (s) => s.resume(['acme']),
        ),
    },
    E_STATE: {
      'it is active': () => thingAt('given').resume(),
      'it is revoked': () => revoked().resume(),
    },
  },
};
