/** Cases of bills (rows 35–39) and of things that pay (rows 40–43). */

import { account, accountId } from '../../contracts/objects/money.ts';
import { wallet } from '../../contracts/objects/wallet.ts';
import { enrolDevice } from '../../contracts/transitions/enrol.ts';
import { expire } from '../../contracts/transitions/expire.ts';
import { revokeDevice } from '../../contracts/transitions/revoke.ts';
import {
  accept,
  accepted,
  buy,
  draft,
  eventOf,
  FACE,
  funded,
  mandated,
  mandateFor,
  narrow,
  openFor,
  passOn,
  present,
  presented,
  recourse,
  refuse,
  resume,
  revoke,
  sellTo,
  settle,
  suspend,
  truck,
} from '../bill-steps.ts';
import { DAY_MS, nowhere } from '../contract-story.ts';
import { HOUR_MS, idOf, type PartyName, signerOf, type World } from '../contract-world.ts';
import { euros } from '../loan-steps.ts';
import type { Cases } from './cases.ts';

/** Spends what a party has, by hand. */
function emptied(world: World, name: PartyName): World {
  world.change(account, accountId(euros(), idOf(name)), { balance: 0 });
  return world;
}
/** A bill after thirty-two endorsements. */
function passedAround() {
  const { world, bill } = accepted();
  for (let i = 0; i < 16; i++) {
    passOn(world, bill, 'zenith', 'carrier');
    passOn(world, bill, 'carrier', 'zenith');
  }
  return { world, bill };
}
function paid() {
  const { world, bill } = presented();
  settle(world, bill);
  return { world, bill };
}
/** Dishonoured in the hands of bank B: zenith drew, the carrier endorsed. */
function dishonoured() {
  const { world, bill } = presented('bankB');
  refuse(world, bill);
  return { world, bill };
}
function sold(world: World): void {
  world.run(revokeDevice, { device: truck }, ['acme']);
  const args = {
    owner: idOf('zenith'),
    monitor: idOf('monitor'),
    key: signerOf('truck').publicKey,
    replaces: false,
    identifier: 'truck',
    functions: ['locator' as const],
  };
  world.run(enrolDevice, args, ['zenith', 'monitor']);
}
const lapse = (world: World, subject: Uint8Array) =>
  world.run(expire, { kind: 'mandate' as const, subject }, []);

export const cases: Cases = {
  'issue-bill': {
    OK: { 'drawn on acme': () => draft(funded()) },
    E_NOT_FOUND: {
      'on nobody': () => draft(funded(), { drawee: nowhere }),
      'in no money': () => draft(funded(), { money: nowhere }),
    },
    E_SCHEMA: {
      'due yesterday': () => draft(funded(), { due: 1 }),
      'on itself': () => draft(funded(), { drawee: idOf('zenith') }),
    },
  },
  'accept-bill': {
    OK: {
      plain: () => {
        const world = funded();
        return accept(world, draft(world).id);
      },
    },
    E_NOT_FOUND: { none: () => accept(funded(), nowhere) },
    E_STATE: {
      twice: () => {
        const { world, bill } = accepted();
        return accept(world, bill);
      },
      'it is due': () => {
        const world = funded();
        const { id } = draft(world);
        world.pass(30 * DAY_MS);
        return accept(world, id);
      },
    },
  },
  endorse: {
    OK: {
      'to the carrier': () => {
        const { world, bill } = accepted();
        return passOn(world, bill, 'zenith', 'carrier');
      },
    },
    E_NOT_FOUND: { none: () => passOn(funded(), nowhere, 'zenith', 'carrier') },
    E_NOT_HOLDER: {
      'by one who held it before': () => {
        const { world, bill } = accepted();
        passOn(world, bill, 'zenith', 'carrier');
        return passOn(world, bill, 'zenith', 'bankB');
      },
    },
    E_PARTIAL: {
      half: () => {
        const { world, bill } = accepted();
        return passOn(world, bill, 'zenith', 'carrier', FACE / 2);
      },
    },
    E_POLICY: {
      'for the thirty-third time': () => {
        const { world, bill } = passedAround();
        return passOn(world, bill, 'zenith', 'carrier');
      },
    },
    E_STATE: {
      'it is due': () => {
        const { world, bill } = accepted();
        world.pass(30 * DAY_MS);
        return passOn(world, bill, 'zenith', 'carrier');
      },
      'it is presented': () => {
        const { world, bill } = presented();
        return passOn(world, bill, 'zenith', 'carrier');
      },
      'it is marked as not transferable': () => {
        const world = funded();
        return passOn(world, draft(world, { transferable: false }).id, 'zenith', 'carrier');
      },
    },
  },
  discount: {
    OK: {
      'at six per cent for thirty days': () => {
        const { world, bill } = accepted();
        return sellTo(world, bill);
      },
    },
    E_FUNDS: {
      'the bank has nothing': () => {
        const { world, bill } = accepted();
        return sellTo(emptied(world, 'bankB'), bill);
      },
    },
    E_NOT_FOUND: { none: () => sellTo(funded(), nowhere) },
    E_NOT_HOLDER: {
      'by one who held it before': () => {
        const { world, bill } = accepted();
        passOn(world, bill, 'zenith', 'carrier');
        return sellTo(world, bill);
      },
    },
    E_POLICY: {
      'for the thirty-third time': () => {
        const { world, bill } = passedAround();
        return sellTo(world, bill);
      },
    },
    E_RANGE: {
      'nothing is left': () => {
        const world = funded();
        const { id } = draft(world, { due: world.time + 400 * DAY_MS });
        accept(world, id);
        return sellTo(world, id, { rateBp: 10_000 });
      },
    },
    E_STATE: {
      'it is not accepted': () => {
        const world = funded();
        return sellTo(world, draft(world).id);
      },
      'it is due': () => {
        const { world, bill } = accepted();
        world.pass(30 * DAY_MS);
        return sellTo(world, bill);
      },
    },
  },
  'present-bill': {
    OK: {
      'when due': () => {
        const { world, bill } = accepted();
        world.pass(30 * DAY_MS);
        return present(world, bill);
      },
    },
    E_EARLY: {
      'a minute before': () => {
        const { world, bill } = accepted();
        world.pass(30 * DAY_MS - 60_000);
        return present(world, bill);
      },
    },
    E_NOT_FOUND: { none: () => present(funded(), nowhere) },
    E_NOT_HOLDER: {
      'by another': () => {
        const { world, bill } = accepted();
        return present(world, bill, 'carrier');
      },
    },
    E_PAID: {
      'it is paid': () => {
        const { world, bill } = paid();
        return present(world, bill);
      },
    },
    E_STATE: {
      twice: () => {
        const { world, bill } = presented();
        return present(world, bill);
      },
    },
  },
  'pay-bill': {
    OK: {
      'at face': () => {
        const { world, bill } = presented();
        return settle(world, bill);
      },
    },
    E_FUNDS: {
      'the drawee has nothing': () => {
        const { world, bill } = presented();
        return settle(emptied(world, 'acme'), bill);
      },
    },
    E_NOT_FOUND: { none: () => settle(funded(), nowhere) },
    E_NO_PRESENT: {
      'it was not presented': () => {
        const { world, bill } = accepted();
        return settle(world, bill);
      },
    },
    E_PAID: {
      twice: () => {
        const { world, bill } = paid();
        return settle(world, bill);
      },
    },
    E_STATE: {
      'it is dishonoured': () => {
        const { world, bill } = dishonoured();
        return settle(world, bill);
      },
    },
  },
  dishonour: {
    OK: {
      refused: () => {
        const { world, bill } = presented();
        return refuse(world, bill);
      },
      'not paid within a day': () => {
        const { world, bill } = presented();
        world.pass(DAY_MS);
        return refuse(world, bill, false);
      },
    },
    E_NOT_DUE: {
      'a minute early': () => {
        const { world, bill } = presented();
        world.pass(DAY_MS - 60_000);
        return refuse(world, bill, false);
      },
      'finality paused': () => {
        const { world, bill } = presented();
        world.pause(DAY_MS);
        return refuse(world, bill, false);
      },
    },
    E_NOT_FOUND: { none: () => refuse(funded(), nowhere) },
    E_NO_PRESENT: {
      'it was not presented': () => {
        const { world, bill } = accepted();
        return refuse(world, bill);
      },
    },
    E_PAID: {
      'it is paid': () => {
        const { world, bill } = paid();
        return refuse(world, bill);
      },
    },
    E_STATE: {
      twice: () => {
        const { world, bill } = dishonoured();
        return refuse(world, bill);
      },
    },
  },
  'take-recourse': {
    OK: {
      'of the endorser': () => {
        const { world, bill } = dishonoured();
        return recourse(world, bill, 'carrier');
      },
      'of the endorser, then of the drawer': () => {
        const { world, bill } = dishonoured();
        recourse(world, bill, 'carrier');
        return recourse(world, bill, 'zenith');
      },
    },
    E_FUNDS: {
      'the signer has nothing': () => {
        const { world, bill } = dishonoured();
        return recourse(emptied(world, 'carrier'), bill, 'carrier');
      },
    },
    E_NOT_FOUND: { none: () => recourse(funded(), nowhere, 'zenith') },
    E_PAID: {
      'all the way': () => {
        const { world, bill } = dishonoured();
        recourse(world, bill, 'carrier');
        recourse(world, bill, 'zenith');
        recourse(world, bill, 'zenith');
        return recourse(world, bill, 'zenith');
      },
    },
    E_STANDING: {
      'a stranger': () => {
        const { world, bill } = dishonoured();
        return recourse(world, bill, 'warehouse');
      },
      'one who has paid already': () => {
        const { world, bill } = dishonoured();
        recourse(world, bill, 'carrier');
        return recourse(world, bill, 'carrier');
      },
    },
    E_STATE: {
      'it is not dishonoured': () => {
        const { world, bill } = presented('bankB');
        return recourse(world, bill, 'carrier');
      },
    },
  },
  'open-account': {
    OK: { 'for a truck': () => openFor(funded()) },
    E_DEVICE_STATE: {
      'the truck did not sign': () => openFor(funded(), {}, ['acme', 'bankA']),
      'the truck is revoked': () => {
        const world = funded();
        world.run(revokeDevice, { device: truck }, ['acme']);
        return openFor(world);
      },
    },
    E_NOT_FOUND: { 'no such device': () => openFor(funded(), { device: nowhere }) },
    E_NO_OWNER: {
      'another’s truck': () => openFor(funded(), { owner: idOf('zenith') }, ['zenith', 'bankA', 'truck']),
      'the owner did not sign': () => openFor(funded(), {}, ['bankA', 'truck']),
    },
    E_STATE: {
      twice: () => {
        const world = funded();
        openFor(world);
        return openFor(world);
      },
    },
  },
  'give-mandate': {
    OK: {
      plain: () => {
        const world = funded();
        openFor(world);
        return mandateFor(world);
      },
    },
    E_NOT_FOUND: { 'the truck has no account': () => mandateFor(funded()) },
    E_NO_OWNER: {
      'the truck was sold': () => {
        const { world } = mandated();
        sold(world);
        return mandateFor(world);
      },
    },
    E_SCOPE: {
      'over already': () => mandateFor(mandated().world, { until: 1 }),
      'at no hour': () => mandateFor(mandated().world, { dayFrom: 10, dayUntil: 10 }),
      'one payment above the window': () => mandateFor(mandated().world, { perPayment: 50_001 }),
      'another money': () => mandateFor(mandated().world, { money: nowhere }),
    },
    E_STATE: {
      'the account is closed': () => {
        const { world } = mandated();
        world.change(wallet, truck, { state: 'CLOSED' });
        return mandateFor(world);
      },
    },
  },
  'narrow-mandate': {
    OK: {
      plain: () => {
        const { world, mandate } = mandated();
        return narrow(world, mandate);
      },
    },
    E_NOT_FOUND: { none: () => narrow(funded(), nowhere) },
    E_SCOPE: {
      'another payee': () => {
        const { world, mandate } = mandated();
        return narrow(world, mandate, { payees: [idOf('zenith')] });
      },
      'more money': () => {
        const { world, mandate } = mandated();
        return narrow(world, mandate, { perWindow: 50_001 });
      },
      'for longer': () => {
        const { world, mandate } = mandated();
        return narrow(world, mandate, { until: world.time + 31 * DAY_MS });
      },
    },
    E_STATE: {
      'it is revoked': () => {
        const { world, mandate } = mandated();
        revoke(world, mandate);
        return narrow(world, mandate);
      },
    },
  },
  'revoke-mandate': {
    OK: {
      plain: () => {
        const { world, mandate } = mandated();
        return revoke(world, mandate);
      },
    },
    E_NOT_FOUND: { none: () => revoke(funded(), nowhere) },
    E_STATE: {
      twice: () => {
        const { world, mandate } = mandated();
        revoke(world, mandate);
        return revoke(world, mandate);
      },
    },
  },
  'pay-by-thing': {
    OK: {
      fuel: () => {
        const { world, mandate } = mandated();
        return buy(world, mandate);
      },
      'with the second key': () => {
        const { world, mandate } = mandated({
          secondAbove: 10_000,
          secondKey: signerOf('truck second').publicKey,
        });
        return buy(world, mandate, {}, ['truck', 'truck second']);
      },
      'a new day, a new window': () => {
        const { world, mandate } = mandated();
        for (let i = 0; i < 3; i++) buy(world, mandate);
        world.pass(DAY_MS);
        return buy(world, mandate);
      },
    },
    E_DEVICE_STATE: {
      'the truck did not sign': () => {
        const { world, mandate } = mandated();
        return buy(world, mandate, {}, []);
      },
      'the truck is revoked': () => {
        const { world, mandate } = mandated();
        world.run(revokeDevice, { device: truck }, ['acme']);
        return buy(world, mandate);
      },
      'the truck was sold': () => {
        const { world, mandate } = mandated();
        sold(world);
        return buy(world, mandate);
      },
    },
    E_EVIDENCE: {
      'the event has paid already': () => {
        const { world, mandate } = mandated();
        const event = [eventOf(world)];
        buy(world, mandate, { event });
        return buy(world, mandate, { event });
      },
      'an event of another device': () => {
        const { world, mandate } = mandated();
        return buy(world, mandate, { event: [eventOf(world, 'locator')] });
      },
      'an old event': () => {
        const { world, mandate } = mandated();
        const event = [eventOf(world)];
        world.pass(HOUR_MS);
        return buy(world, mandate, { event });
      },
    },
    E_FUNDS: {
      'the owner has nothing': () => {
        const { world, mandate } = mandated();
        return buy(emptied(world, 'acme'), mandate);
      },
    },
    E_MANDATE: {
      'a payee outside it': () => {
        const { world, mandate } = mandated();
        return [buy(world, mandate, { payee: idOf('zenith') }), mandate];
      },
      'a content outside it': () => {
        const { world, mandate } = mandated();
        return buy(world, mandate, { content: 'wine' });
      },
      'it is over': () => {
        const { world, mandate } = mandated();
        world.pass(30 * DAY_MS);
        return buy(world, mandate);
      },
      // The tests begin at eight in the morning.
      'before the hour': () => {
        const { world, mandate } = mandated({ dayFrom: 540 });
        return buy(world, mandate);
      },
      'more than one payment may be': () => {
        const { world, mandate } = mandated();
        return buy(world, mandate, { amount: 20_001 });
      },
      'more than the window may be': () => {
        const { world, mandate } = mandated();
        for (let i = 0; i < 3; i++) buy(world, mandate);
        return buy(world, mandate, { amount: 5_001 });
      },
      'too often': () => {
        const { world, mandate } = mandated();
        for (let i = 0; i < 4; i++) buy(world, mandate, { amount: 1 });
        return buy(world, mandate, { amount: 1 });
      },
      'without the second key': () => {
        const { world, mandate } = mandated({ secondAbove: 10_000 });
        return buy(world, mandate);
      },
    },
    E_NOT_FOUND: { none: () => buy(funded(), nowhere) },
    E_STATE: {
      'it is suspended': () => {
        const { world, mandate } = mandated();
        suspend(world, mandate, 'bankA');
        return buy(world, mandate);
      },
    },
  },
  'suspend-mandate': {
    OK: {
      'by the bank': () => {
        const { world, mandate } = mandated();
        return suspend(world, mandate, 'bankA');
      },
      'by anybody, near its limit': () => {
        const { world, mandate } = mandated();
        for (let i = 0; i < 3; i++) buy(world, mandate);
        return suspend(world, mandate);
      },
      'by anybody, once the truck was sold': () => {
        const { world, mandate } = mandated();
        sold(world);
        return suspend(world, mandate);
      },
    },
    E_NOT_FOUND: { none: () => suspend(funded(), nowhere) },
    E_STANDING: {
      'by a stranger': () => {
        const { world, mandate } = mandated();
        return suspend(world, mandate, 'zenith');
      },
    },
    E_STATE: {
      'there is no warning': () => {
        const { world, mandate } = mandated();
        return suspend(world, mandate);
      },
      twice: () => {
        const { world, mandate } = mandated();
        suspend(world, mandate, 'acme');
        return suspend(world, mandate, 'acme');
      },
    },
  },
  'resume-mandate': {
    OK: {
      'by the owner': () => {
        const { world, mandate } = mandated();
        suspend(world, mandate, 'acme');
        return resume(world, mandate);
      },
      'with the bank that suspended it': () => {
        const { world, mandate } = mandated();
        suspend(world, mandate, 'bankA');
        return resume(world, mandate, ['acme', 'bankA']);
      },
    },
    E_DEVICE_STATE: {
      'the truck was sold': () => {
        const { world, mandate } = mandated();
        sold(world);
        suspend(world, mandate);
        return resume(world, mandate);
      },
    },
    E_NOT_FOUND: { none: () => resume(funded(), nowhere) },
    E_ROLE: {
      'without the bank that suspended it': () => {
        const { world, mandate } = mandated();
        suspend(world, mandate, 'bankA');
        return resume(world, mandate);
      },
    },
    E_STATE: {
      'it is active': () => {
        const { world, mandate } = mandated();
        return resume(world, mandate);
      },
    },
  },
  expire: {
    OK: {
      'a mandate': () => {
        const { world, mandate } = mandated();
        world.pass(30 * DAY_MS);
        return lapse(world, mandate);
      },
    },
    E_NOT_DUE: {
      'a mandate': () => {
        const { world, mandate } = mandated();
        return lapse(world, mandate);
      },
    },
    E_NOT_FOUND: { 'a mandate': () => lapse(funded(), nowhere) },
    E_STATE: {
      'a revoked mandate': () => {
        const { world, mandate } = mandated();
        revoke(world, mandate);
        return lapse(world, mandate);
      },
    },
  },
};
