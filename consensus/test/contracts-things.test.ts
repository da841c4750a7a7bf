/** What the things' rows do (semantics §5 rows 40–43): counters, windows, second keys, change of owner, views. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareBytes, equalBytes, toHex } from '../codec/bytes.ts';
import { findBreaches, findRewrites } from '../contracts/invariants.ts';
import { evidenceUse } from '../contracts/objects/evidence-use.ts';
import { conflictId, identityConflict } from '../contracts/objects/identity-conflict.ts';
import { mandate } from '../contracts/objects/mandate.ts';
import { account, accountId } from '../contracts/objects/money.ts';
import { thing } from '../contracts/objects/thing.ts';
import { thingPayment } from '../contracts/objects/thing-payment.ts';
import { virtualAccount, virtualAccountId } from '../contracts/objects/virtual-account.ts';
import { device } from '../contracts/registry.ts';
import { payByThing } from '../contracts/transitions/pay-by-thing.ts';
import { visibleClasses } from '../contracts/views.ts';
import { zero32 } from '../crypto/hash.ts';
import type { SignedCall } from '../vertex/call.ts';
import { codeOf, DAY_MS } from './contract-story.ts';
import { deviceId, HOUR_MS, idOf, type Outcome, type PartyName, signerOf } from './contract-world.ts';
import { claim, report, resolve } from './identity-steps.ts';
import { closeOf, euros, redeemFrom } from './loan-steps.ts';
import { able, limits, phone, type ThingStory, thingAt, truck, truckEuros } from './thing-steps.ts';

const things = suite('things');

const done = (outcome: Outcome): Outcome => {
  assert.is(outcome.refusal, undefined, JSON.stringify(outcome.refusal));
  assert.equal(findBreaches(outcome.world!), []);
  return outcome;
};
const balance = ({ world }: ThingStory, owner: PartyName): number =>
  world.get(account, accountId(euros(), idOf(owner)))?.balance ?? 0;

things('a payment moves money, counter and event together', () => {
  const story = thingAt('given');
  const { id } = done(story.pay());
  assert.equal([balance(story, 'acme'), balance(story, 'carrier')], [98_000, 2_000]);
  const paid = story.world.read(thingPayment, id);
  assert.equal(
    [paid.amount, paid.content, paid.at, paid.seconded, paid.windowCount],
    [2_000, 'toll', story.world.time, false, 3],
  );
  assert.equal(story.world.read(mandate, story.mandate).recent, [{ at: story.world.time, amount: 2_000 }]);
  assert.ok(equalBytes(story.world.read(evidenceUse, paid.event).unit, story.mandate));
});

things('R126: closing the owner’s account freezes the thing’s; bound anew, it pays again', () => {
  const story = thingAt('given');
  done(redeemFrom(story, 'acme', 98_000));
  assert.is(codeOf(closeOf(story, 'acme')), 'E_STATE', '2,000 are left');
  done(story.pay());
  done(closeOf(story, 'acme'));
  assert.is(codeOf(story.pay()), 'E_FROZEN');
  // Anybody can have money sent there: that binds nothing.
  done(story.fund('acme', 5_000));
  assert.is(codeOf(story.pay()), 'E_FROZEN');
  assert.is(balance(story, 'acme'), 5_000);
  done(story.open());
  done(story.pay());
  assert.is(balance(story, 'acme'), 3_000);
  assert.equal(findBreaches(story.world), []);
});

things('a refused payment moves nothing: not the money, not the counter, not the event', () => {
  const story = thingAt('given');
  const event = story.event();
  const root = story.world.root();
  assert.is(codeOf(story.pay({ event, content: 'fuel' })), 'E_MANDATE_CONTENT');
  assert.is(story.world.root(), root);
  done(story.pay({ event }));
});

things('each of the six limits has a code of its own', () => {
  const story = thingAt('given');
  const refusedBy = (changes: Parameters<ThingStory['pay']>[0], by?: readonly string[]): unknown =>
    codeOf(story.fork().pay(changes, by));
  assert.is(refusedBy({ payee: idOf('zenith') }), 'E_MANDATE_PAYEE');
  assert.is(refusedBy({ content: 'fuel' }), 'E_MANDATE_CONTENT');
  story.fund('acme', 5_000, 'bankB');
  done(story.open({ money: euros('bankB') }, ['acme', 'bankB', 'truck']));
  assert.is(refusedBy({ means: virtualAccountId(truck, euros('bankB')) }), 'E_MANDATE_MEANS');
  assert.is(refusedBy({ amount: 5_001 }, ['truck', 'phone']), 'E_MANDATE_AMOUNT');
  assert.is(refusedBy({ amount: 2_001 }), 'E_MANDATE');
  for (let i = 0; i < 3; i++) done(story.pay());
  assert.is(refusedBy({}), 'E_MANDATE_FREQUENCY');
  story.world.pass(10 * HOUR_MS);
  assert.is(refusedBy({}), 'E_MANDATE_TIME');
});

things('the window slides: no day’s length holds more than a day’s limit', () => {
  const story = thingAt('given');
  const day = story.world.time;
  done(story.pay({ amount: 5_000 }, ['truck', 'phone']));
  story.world.time = day + 9 * HOUR_MS;
  done(story.pay({ amount: 5_000 }, ['truck', 'phone']));
  // The next calendar day, yet within 24 hours of both.
  story.world.time = day + 18 * HOUR_MS;
  assert.is(codeOf(story.fork().pay({ amount: 2_001 }, ['truck', 'phone'])), 'E_MANDATE_AMOUNT');
  done(story.pay());
  story.world.time = day + DAY_MS + HOUR_MS;
  done(story.pay({ amount: 5_000 }, ['truck', 'phone']));
  assert.equal(
    story.world.read(mandate, story.mandate).recent.map(({ amount }) => amount),
    [5_000, 2_000, 5_000],
  );
  assert.is(codeOf(story.pay({ amount: 1 })), 'E_MANDATE_AMOUNT');
});

things('two mandates of one thing count apart', () => {
  const story = thingAt('given');
  for (let i = 0; i < 3; i++) done(story.pay());
  done(story.give({ amountMax: 1_000, windowAmount: 1_000 }));
  done(story.pay({ amount: 1_000 }));
  assert.is(codeOf(story.pay({ amount: 1 })), 'E_MANDATE_AMOUNT');
});

things('narrowed limits hold from their position; what was paid before them stays lawful', () => {
  const story = thingAt('given');
  for (let i = 0; i < 2; i++) done(story.pay());
  done(story.narrow({ windowCount: 1 }));
  assert.is(codeOf(story.pay()), 'E_MANDATE_FREQUENCY');
  story.world.pass(DAY_MS);
  done(story.pay());
  assert.is(codeOf(story.pay()), 'E_MANDATE_FREQUENCY');
});

things('of a payment and the revocation of its mandate the first in order takes effect', () => {
  const first = thingAt('given');
  done(first.pay());
  done(first.revoke());
  const second = thingAt('given');
  done(second.revoke());
  assert.is(codeOf(second.pay()), 'E_STATE');
  assert.is(balance(second, 'acme'), 100_000);
});

things('the same signed payment, from whichever node, is taken once', () => {
  const story = thingAt('given');
  const { world, mandate: id } = story;
  const args = {
    mandate: id,
    means: truckEuros,
    payee: idOf('carrier'),
    payeeThing: undefined,
    content: 'toll',
    amount: 100,
    event: story.event(),
  };
  const call = world.compose(payByThing, args, ['truck']);
  done(world.execute(call));
  assert.is(codeOf(world.execute(call)), 'E_REPLAY');
  assert.is(codeOf(world.run(payByThing, args, ['truck'])), 'E_EVIDENCE');
  assert.is(balance(story, 'carrier'), 100);
});

things('a change of owner ends every mandate and closes every account; buying it back revives none', () => {
  const story = thingAt('given');
  const first = story.mandate;
  done(story.give());
  done(story.suspend());
  done(story.transfer());
  for (const id of [first, story.mandate]) assert.is(story.world.read(mandate, id).state, 'REVOKED');
  assert.is(story.world.read(virtualAccount, truckEuros).state, 'CLOSED');
  const { owner, accounts, mandates, ownedSince } = story.world.read(thing, truck);
  assert.equal([accounts, mandates, ownedSince], [[], [], story.world.time]);
  assert.ok(equalBytes(owner, idOf('zenith')));
  done(story.transfer('acme', ['zenith', 'acme', 'monitor']));
  assert.is(codeOf(story.pay()), 'E_STATE');
  assert.is(codeOf(story.resume()), 'E_STATE');
  done(story.open({ ownedSince: story.world.read(thing, truck).ownedSince }));
  done(story.give());
  done(story.pay());
});

things('a new key of the same owner’s device keeps its mandates', () => {
  const story = thingAt('given');
  done(story.enrol('truck', 'acme', 'truck 2', true));
  assert.is(codeOf(story.pay()), 'E_ROLE');
  done(story.pay({ reading: { signedBy: 'truck 2' } }, ['truck 2']));
});

things('the bank that suspended resumes, and the owner over its head does not', () => {
  const story = thingAt('given');
  done(story.suspend('bankA'));
  assert.is(codeOf(story.resume(['acme'])), 'E_ROLE');
  done(story.resume(['bankA']));
  done(story.pay());
});

things('a mandate’s end stands still while finality does', () => {
  const story = thingAt('given');
  story.world.pause(30 * DAY_MS);
  done(story.pay());
  assert.is(codeOf(story.expire()), 'E_NOT_DUE');
  story.world.pass(30 * DAY_MS);
  assert.is(codeOf(story.pay()), 'E_MANDATE_TIME');
  done(story.expire());
  assert.is(story.state(), 'EXPIRED');
});

things('every signature is needed', () => {
  const story = thingAt('given');
  assert.is(codeOf(story.give({}, {}, ['zenith'])), 'E_ROLE');
  assert.is(codeOf(story.narrow({}, ['bankA'])), 'E_ROLE');
  assert.is(codeOf(story.revoke(['bankA'])), 'E_ROLE');
  assert.is(codeOf(story.suspend('acme', ['zenith'])), 'E_ROLE');
  assert.is(codeOf(story.pay({}, ['phone'])), 'E_ROLE');
});

things('owner and bank see a mandate, the payee its payment, others neither', () => {
  const story = thingAt('given');
  const { id } = done(story.pay());
  const { world } = story;
  const seen = (name: PartyName) => [
    visibleClasses(world.stored(mandate, story.mandate), idOf(name), world),
    visibleClasses(world.stored(thingPayment, id), idOf(name), world),
  ];
  const all = [0, 1, 2];
  assert.equal(seen('acme'), [all, all]);
  assert.equal(seen('bankA'), [all, all]);
  assert.equal(seen('carrier'), [[0], all]);
  assert.equal(seen('bankB'), [[0], [0]]);
});

things('the invariants see mandates and payments that were tampered with', () => {
  const broken = (change: (story: ThingStory, paid: Uint8Array) => void): number[] => {
    const story = thingAt('given');
    done(story.pay());
    const { id } = done(story.pay());
    change(story, id);
    return findBreaches(story.world).map(({ invariant }) => invariant);
  };
  assert.equal(
    broken(() => {}),
    [],
  );
  assert.equal(
    broken((s) => s.world.change(device, truck, { owner: idOf('zenith') })),
    [7],
  );
  assert.equal(
    broken((s) => s.world.change(mandate, s.mandate, { state: 'REVOKED' })),
    [7],
  );
  assert.equal(
    broken((s) => s.world.change(virtualAccount, truckEuros, { state: 'CLOSED' })),
    [7],
  );
  assert.equal(
    broken((s, id) => s.world.change(thingPayment, id, { payer: idOf('zenith') })),
    // Paid by another than the mandate's owner; and missing in the result, which is there for another's.
    [7, 14, 14],
  );
  assert.equal(
    broken((s, id) => s.world.change(thingPayment, id, { windowAmount: 3_999 })),
    [16],
  );
  assert.equal(
    broken((s, id) => s.world.change(thingPayment, id, { windowCount: 1 })),
    [16],
  );
  assert.equal(
    broken((s) => s.world.change(mandate, s.mandate, { recent: [] })),
    [16],
  );
  assert.equal(
    broken((s, id) => s.world.change(thingPayment, id, { event: truck })),
    [25],
  );
  const story = thingAt('given');
  done(story.revoke());
  const before = [...story.world.objects()];
  story.world.change(mandate, story.mandate, { state: 'ACTIVE' });
  assert.match(findRewrites(before, story.world.objects())[0]!.what, 'an ended mandate came back');
});

things('limits are kept in running time only where they are deadlines', () => {
  const story = thingAt('opened');
  story.world.pause(DAY_MS);
  done(story.give({ until: limits.until }));
  const kept = story.world.read(mandate, story.mandate).limits;
  assert.equal([kept.from, kept.until], [limits.from, limits.until - DAY_MS]);
});

things(
  'R163: a car pays for charging, parking, toll, wash and insurance; the first payee outside is refused',
  () => {
    const story = thingAt('opened');
    const contents = ['charging', 'parking', 'toll', 'wash', 'insurance'];
    const payees = ['carrier', 'warehouse', 'bankB', 'monitor', 'monitor2'] as const;
    const wide = { amountMax: 2_000, windowAmount: 20_000, windowCount: 20 };
    done(story.give({ ...wide, contents, payees: payees.map(idOf) }));
    for (const [i, content] of contents.entries())
      done(story.pay({ content, payee: idOf(payees[i]!), amount: 1_000 + i }));
    assert.equal(
      payees.map((payee) => balance(story, payee)),
      [1_000, 1_001, 1_002, 1_003, 1_004],
    );
    const root = story.world.root();
    const outside = story.pay({ content: 'toll', payee: idOf('zenith'), amount: 1 });
    assert.is(codeOf(outside), 'E_MANDATE_PAYEE');
    assert.is(story.world.root(), root);
  },
);

things('R169: a thing pays by either of two banks; by an account that is not its own nothing moves', () => {
  const story = thingAt('opened');
  story.fund('acme', 5_000, 'bankB');
  const other = virtualAccountId(truck, euros('bankB'));
  done(story.open({ money: euros('bankB') }, ['acme', 'bankB', 'truck']));
  done(story.give({ means: [truckEuros, other] }));
  const at = (issuer: 'bankA' | 'bankB'): number =>
    story.world.get(account, accountId(euros(issuer), idOf('carrier')))?.balance ?? 0;
  done(story.pay({ amount: 700 }));
  done(story.pay({ amount: 900, means: other }));
  assert.equal([at('bankA'), at('bankB')], [700, 900]);
  // Which account is bound to which device and bank stays on record, also once it is closed.
  const bound = ({ world }: ThingStory) =>
    [truckEuros, other].map((id) => {
      const { thing: of, bank, state } = world.read(virtualAccount, id);
      return [equalBytes(of, truck), equalBytes(bank, idOf('bankA')), state];
    });
  assert.equal(bound(story), [
    [true, true, 'OPEN'],
    [true, false, 'OPEN'],
  ]);
  const root = story.world.root();
  for (const means of [virtualAccountId(phone, euros()), idOf('carrier'), euros()])
    assert.is(codeOf(story.pay({ means })), 'E_ROUTE');
  assert.is(story.world.root(), root);
  done(story.transfer());
  assert.equal(bound(story), [
    [true, true, 'CLOSED'],
    [true, false, 'CLOSED'],
  ]);
});

things('R174: whatever the device’s standing is but ACTIVE, at that position it pays nothing', () => {
  const standings: readonly (readonly [what: string, code: string, make: (story: ThingStory) => void])[] = [
    ['revoked', 'E_DEVICE_STATE', (story) => done(story.revokeDevice())],
    ['without a key', 'E_DEVICE_STATE', (story) => done(story.enrol('truck', 'acme', '', true))],
    ['under a new key', 'E_ROLE', (story) => done(story.enrol('truck', 'acme', 'truck 2', true))],
    ['sold', 'E_STATE', (story) => done(story.transfer())],
    [
      'revoked, and enrolled by another',
      'E_STATE',
      (story) => {
        done(story.revokeDevice());
        done(story.enrol('truck', 'zenith'));
      },
    ],
  ];
  for (const [what, code, make] of standings) {
    for (let paid = 0; paid < 3; paid++) {
      const story = thingAt('given');
      for (let i = 0; i < paid; i++) done(story.pay({ amount: 1 + i }));
      const event = story.event();
      make(story);
      const root = story.world.root();
      for (const amount of [1, 2_000, 5_000])
        for (const by of [['truck'], ['truck', 'phone'], ['truck', 'acme']])
          assert.is(codeOf(story.pay({ event, amount }, by)), code, `${what}, after ${paid}`);
      assert.is(story.world.root(), root, what);
    }
  }
});

things('R105: a thing’s record says what it can do, and by what document it is whose', () => {
  const story = thingAt('enrolled');
  const capabilities = { ...able, processing: false };
  done(story.open({ capabilities }));
  const before = story.world.read(thing, truck);
  assert.equal(before.capabilities, capabilities);
  assert.not.equal(before.ownershipProof, zero32);
  // The next owner has another document, and must show it for an account of its own.
  done(story.transfer());
  const { ownedSince, ...passed } = story.world.read(thing, truck);
  assert.equal([passed.capabilities, passed.ownershipProof], [capabilities, zero32]);
  done(story.fund('zenith', 1));
  const by = ['zenith', 'bankA', 'truck'];
  assert.is(codeOf(story.open({ ownedSince, ownershipProof: zero32 }, by)), 'E_NO_OWNER');
  done(story.open({ ownedSince }, by));
});

things('R106: a thing pays another by one call that both sign, and their owners sign nothing', () => {
  const story = thingAt('given');
  const gate = deviceId('gate');
  done(story.enrol('gate', 'carrier'));
  done(story.fund('carrier', 1));
  done(story.open({ device: gate }, ['carrier', 'bankA', 'gate']));
  const calls: SignedCall[] = [];
  story.world.onCall = (call) => void calls.push(call);
  const { id } = done(story.pay({ payeeThing: gate }, ['truck', 'gate']));
  const paid = story.world.read(thingPayment, id);
  assert.equal([paid.thing, paid.payeeThing, paid.payee], [truck, gate, idOf('carrier')]);
  assert.is(balance(story, 'carrier'), 2_001);
  const keysOf = ({ signatures }: SignedCall): Uint8Array[] => signatures.map(({ key }) => key);
  const devices = ['truck', 'gate'].map((name) => signerOf(name).publicKey);
  assert.equal(new Set(keysOf(calls[0]!).map(toHex)), new Set(devices.map(toHex)));

  // What the gate signed is good for that call alone: not for another amount, nor for another thing.
  const another = story.world.compose(
    payByThing,
    {
      ...{ mandate: story.mandate, means: truckEuros, payee: idOf('carrier'), payeeThing: gate },
      ...{ content: 'toll', amount: 1_000, event: story.event() },
    },
    ['truck'],
  );
  const gates = calls[0]!.signatures.find(({ key }) => equalBytes(key, signerOf('gate').publicKey))!;
  const signatures = [...another.signatures, gates].sort((a, b) => compareBytes(a.key, b.key));
  assert.is(codeOf(story.world.execute({ ...another, signatures })), 'E_SIG');
  assert.is(codeOf(story.world.execute(another)), 'E_ROLE');
  assert.is(balance(story, 'carrier'), 2_001);
});

things('R175: whose the truck is, is in question: neither device pays or speaks until it is decided', () => {
  const story = thingAt('given');
  // A second enrolment is no claim: it is refused, and the first goes on.
  for (const [owner, keyName] of [
    ['acme', 'truck 2'],
    ['zenith', 'other truck'],
    ['zenith', 'truck'],
  ] as const) {
    const { refusal } = story.enrol('truck', owner, keyName);
    assert.is(refusal?.code, 'E_ID_LIVE', owner);
    assert.equal(refusal?.conflict, truck);
  }
  done(story.pay());
  done(claim(story));
  const recorded = story.world.read(identityConflict, conflictId(truck, idOf('zenith')));
  assert.equal([recorded.state, recorded.cause.type], ['OPEN', 'claim']);
  for (const keyName of ['truck', 'other truck']) {
    const paid = story.fork().pay({ reading: { signedBy: keyName } }, [keyName]);
    assert.is(codeOf(paid), 'E_DEVICE_STATE', keyName);
  }
  assert.equal(findBreaches(story.world), []);

  const kept = story.fork();
  done(resolve(kept, false));
  done(kept.pay());
  assert.is(codeOf(kept.fork().pay({ reading: { signedBy: 'other truck' } }, ['other truck'])), 'E_ROLE');

  done(resolve(story, true));
  const passed = story.world.read(device, truck);
  assert.equal(
    [passed.state, passed.owner, passed.key],
    ['ACTIVE', idOf('zenith'), signerOf('other truck').publicKey],
  );
  assert.is(story.state(), 'REVOKED', 'what the owner before allowed it has ended');
  assert.is(codeOf(story.pay({ reading: { signedBy: 'other truck' } }, ['other truck'])), 'E_STATE');
  assert.equal(findBreaches(story.world), []);
});

things('R175: a key that is in two places is found by two frames under one counter, and put away', () => {
  const story = thingAt('given');
  const before = story.event();
  done(report(story));
  assert.is(codeOf(story.pay({ event: before })), 'E_DEVICE_STATE');
  assert.is(codeOf(story.enrol('truck', 'acme', 'truck', true)), 'E_CREDENTIAL', 'the same key again');
  done(story.enrol('truck', 'acme', 'truck 2', true));
  const conflict = conflictId(truck, signerOf('truck').publicKey);
  assert.is(story.world.read(identityConflict, conflict).state, 'REKEYED');
  assert.is(codeOf(story.fork().pay({}, ['truck'])), 'E_ROLE', 'the copy’s key pays nothing');
  done(story.pay({ reading: { signedBy: 'truck 2' } }, ['truck 2']));
  assert.equal(findBreaches(story.world), []);
});

things.run();
