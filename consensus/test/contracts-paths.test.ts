/** What each transition does when it takes effect (semantics §5), and that it does not without any one signature. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { findBreaches } from '../contracts/invariants.ts';
import { encumbrance } from '../contracts/objects/encumbrance.ts';
import { evaluation } from '../contracts/objects/evaluation.ts';
import { evidenceUse, evidenceUseId } from '../contracts/objects/evidence-use.ts';
import { grant } from '../contracts/objects/grant.ts';
import { loan, noDebt } from '../contracts/objects/loan.ts';
import { orderHead, orderReceipt } from '../contracts/objects/order-receipt.ts';
import { payment } from '../contracts/objects/payment.ts';
import { pledge } from '../contracts/objects/pledge.ts';
import { receipt } from '../contracts/objects/receipt.ts';
import { status } from '../contracts/objects/status.ts';
import { unit } from '../contracts/objects/unit.ts';
import { warning } from '../contracts/objects/warning.ts';
import { device, key, labelKey, party } from '../contracts/registry.ts';
import { enrolDevice, enrolKey, enrolParty } from '../contracts/transitions/enrol.ts';
import { revokeDevice, revokeKey } from '../contracts/transitions/revoke.ts';
import { zero32 } from '../crypto/hash.ts';
import { leafHash, treeRoot } from '../merkle/tree.ts';
import { frame, verifyFrame } from '../vertex/frame.ts';
import { beat } from './breach-steps.ts';
import { codeOf, DAY_MS, LENDABLE, PACKAGES, QUANTITY, Story, storyAt } from './contract-story.ts';
import {
  deviceId,
  HOUR_MS,
  idOf,
  makeLei,
  network,
  type Outcome,
  type PartyName,
  signerOf,
  World,
} from './contract-world.ts';
import { Chance } from './walk-random.ts';

const paths = suite('paths');

function took(outcome: Outcome): Uint8Array {
  assert.is(outcome.refusal, undefined, JSON.stringify(outcome.refusal));
  return outcome.id;
}

const newcomer = {
  roles: ['enterprise' as const, 'warehouse' as const],
  key: signerOf('newcomer').publicKey,
  countersigners: [idOf('bankA'), idOf('monitor')],
  lei: makeLei('NEWCOMER'),
  name: 'Newcomer',
  address: '2 New Road',
  controller: idOf('acme'),
};
const secondKey = {
  party: idOf('acme'),
  key: signerOf('acme second').publicKey,
  kind: 'party' as const,
  monitor: undefined,
  replaces: undefined,
};
const newGateway = {
  ...secondKey,
  key: signerOf('new gateway').publicKey,
  kind: 'gateway' as const,
  monitor: idOf('monitor'),
};
const newScale = {
  owner: idOf('warehouse'),
  monitor: idOf('monitor'),
  key: signerOf('new scale').publicKey,
  validUntil: undefined,
  replaces: false,
  identifier: 'urn:dev:mac:0024befffe804ff1',
  functions: ['weigher' as const, 'climate' as const],
};

/** Every transition on its passing path: from where, by whom, how. */
interface Path {
  readonly name: string;
  readonly from: () => Story;
  readonly by: readonly string[];
  readonly run: (story: Story, by: readonly string[]) => Outcome;
}
const everyPath: readonly Path[] = [
  {
    name: 'enrol-party',
    from: () => storyAt('empty'),
    by: ['newcomer', 'bankA', 'monitor'],
    run: ({ world }, by) => world.run(enrolParty, newcomer, by),
  },
  {
    name: 'enrol-key',
    from: () => storyAt('empty'),
    by: ['acme', 'new gateway', 'monitor'],
    run: ({ world }, by) => world.run(enrolKey, newGateway, by),
  },
  {
    name: 'enrol-key',
    from: () => storyAt('empty'),
    by: ['acme', 'acme second'],
    run: ({ world }, by) => world.run(enrolKey, secondKey, by),
  },
  {
    name: 'enrol-device',
    from: () => storyAt('empty'),
    by: ['warehouse', 'monitor'],
    run: ({ world }, by) => world.run(enrolDevice, newScale, by),
  },
  {
    name: 'revoke-key',
    from: () => storyAt('empty'),
    by: ['acme'],
    run: ({ world }, by) => world.run(revokeKey, { key: signerOf('acme gateway').publicKey }, by),
  },
  {
    name: 'revoke-device',
    from: () => storyAt('empty'),
    by: ['warehouse'],
    run: ({ world }, by) => world.run(revokeDevice, { device: deviceId('camera') }, by),
  },
  {
    name: 'register-goods',
    from: () => storyAt('empty'),
    by: ['acme', 'warehouse', 'monitor'],
    run: (story, by) => story.register({}, by),
  },
  {
    name: 'issue-receipt',
    from: () => storyAt('registered'),
    by: ['acme', 'warehouse', 'monitor'],
    run: (story, by) => story.issue({}, by),
  },
  {
    name: 'order-receipt',
    from: () => storyAt('registered'),
    by: ['monitor'],
    run: (story, by) => story.stateOrder({}, by),
  },
  { name: 'apply', from: () => storyAt('registered'), by: ['acme'], run: (story, by) => story.apply({}, by) },
  {
    name: 'withdraw',
    from: () => storyAt('approved'),
    by: ['acme'],
    run: (story, by) => story.withdraw({}, by),
  },
  {
    name: 'authorise',
    from: () => storyAt('applied'),
    by: ['acme', 'bankA'],
    run: (story, by) => story.authorise({}, by),
  },
  {
    name: 'revoke-grant',
    from: () => storyAt('perfected'),
    by: ['bankA'],
    run: (story, by) => story.revokeGrant({}, by),
  },
  {
    name: 'revoke-grant',
    from: () => storyAt('agreed'),
    by: ['acme'],
    run: (story, by) => story.revokeGrant({}, by),
  },
  {
    name: 'request-status',
    from: () => storyAt('authorised'),
    by: ['bankA'],
    run: (story, by) => story.ask({}, by),
  },
  {
    name: 'supply-status',
    from: () => storyAt('stated'),
    by: ['monitor'],
    run: (story, by) => story.supply({}, by),
  },
  {
    name: 'evaluate',
    from: () => storyAt('supplied'),
    by: ['bankA'],
    run: (story, by) => story.evaluate({}, by),
  },
  {
    name: 'decide',
    from: () => storyAt('evaluated'),
    by: ['bankA'],
    run: (story, by) => story.approve({}, by),
  },
  { name: 'decide', from: () => storyAt('applied'), by: ['bankA'], run: (story, by) => story.decide({}, by) },
  {
    name: 'agree-pledge',
    from: () => storyAt('approved'),
    by: ['acme', 'bankA'],
    run: (story, by) => story.agree({}, by),
  },
  {
    name: 'perfect-pledge',
    from: () => storyAt('agreed'),
    by: ['bankA', 'monitor', 'warehouse'],
    run: (story, by) => story.perfect({}, by),
  },
  {
    name: 'draw',
    from: () => storyAt('perfected'),
    by: ['acme', 'bankA'],
    run: (story, by) => story.draw({}, by),
  },
  {
    name: 'repay',
    from: () => storyAt('drawn'),
    by: ['zenith', 'bankA'],
    run: (story, by) => story.repay({ payer: idOf('zenith') }, by),
  },
  {
    name: 'release',
    from: () => storyAt('repaid'),
    by: ['bankA'],
    run: (story, by) => story.release({}, by),
  },
  { name: 'warn', from: () => storyAt('perfected'), by: ['monitor'], run: (story, by) => story.warn({}, by) },
];

/** Codes for a signature that is wanted and not there; the rows of semantics §5 have words of their own for some. */
const missingSignature = ['E_ROLE', 'E_CREDENTIAL', 'E_TITLE', 'E_NO_CONSENT', 'E_NO_CONTROL'];

paths(
  'no transition takes effect without any one of its signatures, or with another party’s in its place (R004)',
  () => {
    for (const { name, from, by, run } of everyPath) {
      for (const absent of by) {
        const others = by.filter((signer) => signer !== absent);
        const everybodyElse = [
          'acme',
          'zenith',
          'bankA',
          'bankB',
          'monitor',
          'monitor2',
          'warehouse',
          'appraiser',
        ].filter((signer) => signer !== absent);
        // The bank may always revoke a grant, so its signature would do in the enterprise's place.
        const crowd =
          name === 'revoke-grant' && absent === 'acme' ? others : [...new Set([...others, ...everybodyElse])];
        for (const signers of [others, crowd]) {
          const code = codeOf(run(from(), signers));
          assert.ok(missingSignature.includes(code), `${name} without ${absent}: ${code}`);
        }
      }
    }
  },
);

paths('enrol-party: the party and its key are there', () => {
  const { world } = storyAt('empty');
  took(world.run(enrolParty, newcomer, ['newcomer', 'bankA', 'monitor']));
  const id = labelKey(network, 'lei', newcomer.lei);
  assert.equal(world.read(party, id).roles, newcomer.roles);
  assert.is(toHex(world.read(party, id).controller), toHex(idOf('acme')));
  assert.equal(world.read(key, newcomer.key), {
    party: id,
    kind: 'party',
    state: 'ACTIVE',
    since: world.height,
  });
});

paths('enrol-key: one key takes the place of another at one position', () => {
  const { world } = storyAt('empty');
  const old = signerOf('acme').publicKey;
  took(world.run(enrolKey, { ...secondKey, replaces: old }, ['acme', 'acme second']));
  assert.is(world.read(key, old).state, 'REVOKED');
  assert.is(world.read(key, old).since, 0);
  assert.is(world.read(key, secondKey.key).state, 'ACTIVE');
  assert.is(codeOf(world.run(revokeKey, { key: secondKey.key }, ['acme'])), 'E_KEY_REVOKED');
});

paths('enrol-device: what a sensor says after its enrolment has expired is no evidence', () => {
  const story = storyAt('registered');
  const { world } = story;
  const { key: publicKey } = world.read(device, deviceId('scale'));
  const renewed = {
    ...newScale,
    identifier: 'scale',
    owner: idOf('monitor'),
    replaces: true,
    key: publicKey,
  };
  took(world.run(enrolDevice, { ...renewed, validUntil: world.time + 60_000 }, ['monitor']));
  world.pass(30_000);
  took(beat(story));
  world.pass(60_000);
  assert.is(codeOf(beat(story)), 'E_EVIDENCE');
  took(world.run(enrolDevice, renewed, ['monitor']));
  took(beat(story));
});

paths('enrol-device: a sensor gets a new key, and comes back after revocation under another owner', () => {
  const { world } = storyAt('empty');
  const rotated = { ...newScale, identifier: 'scale', owner: idOf('monitor'), replaces: true };
  took(world.run(enrolDevice, rotated, ['monitor']));
  assert.is(toHex(world.read(device, deviceId('scale')).key), toHex(newScale.key));
  took(world.run(revokeDevice, { device: deviceId('scale') }, ['monitor']));
  assert.is(world.read(device, deviceId('scale')).state, 'REVOKED');
  took(
    world.run(enrolDevice, { ...newScale, identifier: 'scale', key: new Uint8Array(0) }, [
      'warehouse',
      'monitor',
    ]),
  );
  assert.is(toHex(world.read(device, deviceId('scale')).owner), toHex(idOf('warehouse')));
});

paths('register-goods: STORED and FREE, its readings used up', () => {
  const story = storyAt('empty');
  const { world } = story;
  const evidence = [
    world.reading({ device: 'scale', values: { weight: '1005' }, counter: 41 }),
    world.reading({ device: 'counter', values: { count: '40' }, counter: 42 }),
  ];
  const id = took(story.register({ evidence }));
  const goods = world.read(unit, story.unit);
  assert.is(goods.state, 'STORED');
  assert.is(goods.quantity, QUANTITY);
  assert.is(toHex(goods.call), toHex(id));
  assert.is(goods.height, world.height);
  assert.is(world.get(encumbrance, story.unit), undefined);
  const use = evidenceUseId({ device: deviceId('scale'), session: '', counter: 41 });
  assert.is(toHex(world.read(evidenceUse, use).unit), toHex(story.unit));
});

paths('register-goods: tolerance is exact to the microgram, on both sides', () => {
  const withWeight = (weight: string): string => {
    const story = storyAt('empty');
    const scale = story.world.reading({ device: 'scale', values: { weight } });
    const camera = story.world.reading({ device: 'camera', values: { count: '40' } });
    return codeOf(story.register({ evidence: [scale, camera] }));
  };
  assert.is(withWeight('995'), 'OK');
  assert.is(withWeight('994.999999999'), 'E_EVIDENCE');
  assert.is(withWeight('1005'), 'OK');
  assert.is(withWeight('1005.000000001'), 'E_EVIDENCE');
});

paths('register-goods: one device of the owner is enough with one that is not', () => {
  const story = storyAt('empty');
  const scale = story.world.reading({
    device: 'acme-scale',
    values: { weight: '1000' },
    gateway: 'acme gateway',
  });
  took(
    story.register({ evidence: [scale, story.world.reading({ device: 'camera', values: { count: '40' } })] }),
  );
});

paths('register-goods: devices of a party that the owner controls are the owner’s', () => {
  const story = storyAt('empty');
  for (const name of ['monitor', 'warehouse'] as const)
    story.world.change(party, idOf(name), { controller: idOf('acme') });
  assert.is(codeOf(story.register()), 'E_EVIDENCE');
});

paths('register-goods: a label is free again once its goods are out', () => {
  const story = storyAt('registered');
  story.world.change(unit, story.unit, { state: 'OUT' });
  took(story.register());
  assert.is(story.world.read(unit, story.unit).state, 'STORED');
});

paths('issue-receipt: the depositor controls it, the unit names it', () => {
  const story = storyAt('registered');
  const id = took(story.issue());
  const document = story.world.read(receipt, id);
  assert.is(document.state, 'ISSUED');
  assert.is(toHex(document.controller), toHex(idOf('acme')));
  assert.is(toHex(document.issuer), toHex(idOf('warehouse')));
  assert.is(document.depositorAddress, '1 acme Road');
  assert.is(document.depositorLei, story.world.read(party, idOf('acme')).lei);
  assert.is(document.issuerLei, story.world.read(party, idOf('warehouse')).lei);
  const goods = story.world.read(unit, story.unit);
  assert.equal(goods.receipts.map(toHex), [toHex(id)]);
  assert.is(goods.receipted, QUANTITY);
});

paths('issue-receipt: the monitor issues as the warehouse’s agent only where that is recorded', () => {
  const agent = storyAt('empty');
  took(agent.register({ receiptsByMonitor: true }));
  took(agent.issue({}, ['monitor', 'acme']));
  assert.is(codeOf(storyAt('registered').issue({}, ['monitor', 'acme'])), 'E_ROLE');
});

paths('issue-receipt: the free rest of a lot whose other part is pledged', () => {
  const story = storyAt('approved', 'lot');
  took(story.agree({ quantity: 600_000 }));
  took(story.issue({ quantity: 400_000 }));
  assert.equal(findBreaches(story.world), []);
});

paths('issue-receipt: a reservation whose time is over is no obstacle', () => {
  const story = storyAt('agreed');
  story.world.pass(72 * HOUR_MS);
  took(story.issue());
  assert.is(story.world.read(pledge, story.pledge).state, 'LAPSED');
  assert.is(story.world.get(encumbrance, story.unit), undefined);
});

paths('order-receipt: versions stay, the head names the newest (R030)', () => {
  const story = storyAt('registered');
  const first = took(story.stateOrder());
  const written = story.world.stored(orderReceipt, first);
  const second = took(story.stateOrder({ predecessor: first, condition: 'two packages wet' }));
  assert.equal(story.world.stored(orderReceipt, first), written);
  const newest = story.world.read(orderReceipt, second);
  assert.is(newest.number, 2);
  assert.is(toHex(newest.predecessor!), toHex(first));
  assert.is(toHex(newest.origin), toHex(first));
  assert.is(newest.condition, 'two packages wet');
  assert.is(toHex(newest.pledgor), toHex(idOf('acme')));
  assert.is(newest.packages, PACKAGES);
  assert.is(toHex(story.world.read(orderHead, first).newest), toHex(second));
});

paths('apply, withdraw', () => {
  const story = storyAt('registered');
  const id = took(story.apply());
  assert.is(story.loanState(), 'APPLIED');
  assert.equal(story.world.read(loan, id).debt, noDebt);
  took(story.withdraw());
  assert.is(story.loanState(), 'WITHDRAWN');
});

paths(
  'authorise: a later grant takes the place of the earlier, and what was evaluated is evaluated anew',
  () => {
    const story = storyAt('evaluated');
    const earlier = story.grant;
    took(story.authorise());
    assert.is(story.world.read(grant, earlier).state, 'REVOKED');
    assert.is(story.world.read(grant, story.grant).state, 'ACTIVE');
    assert.is(story.loanState(), 'AUTHORISED');
  },
);

paths('authorise: a drawn loan stays drawn under a new grant', () => {
  const story = storyAt('drawn');
  took(story.authorise());
  assert.is(story.loanState(), 'DRAWN');
});

paths('authorise: a receipt names its goods', () => {
  const story = storyAt('applied');
  took(story.issue());
  took(story.authorise({ scope: [story.receipt!] }));
  took(story.stateOrder());
  took(story.supply());
});

paths('revoke-grant: the enterprise again once the pledge is released', () => {
  const story = storyAt('repaid');
  took(story.release());
  took(story.revokeGrant({}, ['acme']));
  assert.is(story.world.read(grant, story.grant).state, 'REVOKED');
});

paths('supply-status: figures are the sensors’, the least of each', () => {
  const story = storyAt('stated');
  const { world } = story;
  const evidence = [
    world.reading({ device: 'scale', values: { weight: '999.5' } }),
    world.reading({ device: 'scale', values: { weight: '998.25' } }),
    world.reading({ device: 'camera', values: { count: '40' } }),
    world.reading({ device: 'counter', values: { count: '39' } }),
  ];
  const supplied = world.read(status, took(story.supply({ evidence })));
  assert.is(supplied.weight, 998_250);
  assert.is(supplied.packages, 39);
  assert.is(toHex(supplied.grant), toHex(story.grant));
});

paths('supply-status: changing any reading changes the evidence root (R002)', () => {
  const rootWith = (weight: string): string => {
    const story = storyAt('stated');
    const evidence = [
      story.world.reading({ device: 'scale', values: { weight }, counter: 1 }),
      story.world.reading({ device: 'camera', values: { count: '40' }, counter: 2 }),
    ];
    return toHex(story.world.read(status, took(story.supply({ evidence }))).evidenceRoot);
  };
  assert.is(rootWith('1000'), rootWith('1000'));
  assert.is.not(rootWith('1000'), rootWith('1000.001'));
});

paths('supply-status: 1,000 random replies, every number of each leads to signed readings (R024)', () => {
  const chance = new Chance(24);
  const story = storyAt('stated');
  const { world } = story;
  for (let reply = 0; reply < 1_000; reply++) {
    const milligrams = () => 900_000_000 + chance.below(200_000_000);
    const weights = Array.from({ length: 1 + chance.below(3) }, milligrams);
    const counts = Array.from({ length: 1 + chance.below(3) }, () => 30 + chance.below(20));
    const evidence = [
      ...weights.map((mg) => world.reading({ device: 'scale', values: { weight: String(mg / 1_000_000) } })),
      ...counts.map((count) => world.reading({ device: 'camera', values: { count: String(count) } })),
    ];
    const supplied = world.read(status, took(story.supply({ evidence })));
    const frames = evidence.map((proof) => {
      const shown = world.environment().evidence(proof);
      if (!('frame' in shown)) throw new Error(shown.code);
      return shown.frame;
    });
    for (const shown of frames.slice(0, weights.length))
      assert.ok(verifyFrame(shown, network, signerOf('scale').publicKey));
    assert.equal(
      [supplied.weight, supplied.packages, toHex(supplied.evidenceRoot)],
      [
        Math.floor(Math.min(...weights) / 1_000),
        Math.min(...counts),
        toHex(treeRoot(frames.map((shown) => leafHash(frame.encode(shown))))),
      ],
      `reply ${reply}`,
    );
  }
});

paths('evaluate: value and lendable by semantics §6, the inputs kept', () => {
  const story = storyAt('supplied');
  const valued = story.world.read(evaluation, took(story.evaluate()));
  assert.is(valued.eligible, 2_250_000);
  assert.is(valued.lendable, LENDABLE);
  assert.is(valued.haircutBp, 1_000);
  assert.is(toHex(valued.lines[0]!.unit), toHex(story.unit));
  assert.is(story.loanState(), 'EVALUATED');
});

paths('evaluate: the appraiser that the grant names', () => {
  const story = storyAt('applied');
  took(story.authorise({ appraiser: idOf('appraiser') }));
  took(story.stateOrder());
  took(story.supply());
  took(story.evaluate({ evaluator: idOf('appraiser') }, ['appraiser']));
});

paths('evaluate: anew once an approval has lapsed; the old limit is gone', () => {
  const story = storyAt('approved');
  story.world.pass(10 * DAY_MS + 1000);
  took(story.supply());
  took(story.evaluate());
  assert.is(story.world.read(loan, story.loan).limit, 0);
});

paths('evaluate: what is reserved for this very loan counts, what is for another does not', () => {
  const story = storyAt('approved');
  took(story.agree());
  story.world.change(loan, story.loan, { limitUntil: 1 });
  took(story.supply());
  took(story.evaluate());
  const rival = story.rival('supplied');
  assert.is(codeOf(rival.evaluate()), 'E_INELIGIBLE');
});

paths('decide: approved to the last minor unit, or declined with its reason', () => {
  const story = storyAt('evaluated');
  took(story.approve({ limit: LENDABLE }));
  assert.is(story.loanState(), 'APPROVED');
  assert.is(story.world.read(loan, story.loan).limit, LENDABLE);
  const other = storyAt('evaluated');
  took(other.decide());
  assert.is(other.loanState(), 'DECLINED');
  assert.is(other.world.read(loan, other.loan).reason, 'no appetite');
});

paths('agree-pledge: reserved for three days; its encumbrance names it and nothing else', () => {
  const story = storyAt('approved');
  const id = took(story.agree());
  const agreed = story.world.read(pledge, id);
  assert.is(agreed.state, 'AGREED');
  assert.is(agreed.reservedUntil, story.world.time + 72 * HOUR_MS);
  const held = story.world.read(encumbrance, story.unit);
  assert.equal(held.entries, [{ pledge: id, rank: 0, state: 'RESERVED' }]);
  assert.equal(held.quantities, [QUANTITY]);
  assert.equal(story.world.read(loan, story.loan).pledges.map(toHex), [toHex(id)]);
});

paths(
  'agree-pledge: the reservation holds to its last millisecond, then lapses for whoever needs the goods',
  () => {
    const outcomeAfter = (ms: number): [string, string] => {
      const story = storyAt('approved');
      const rival = story.rival('approved');
      took(story.agree());
      const { reservedUntil } = story.world.read(pledge, story.pledge);
      story.world.time = reservedUntil + ms - 250;
      return [codeOf(rival.agree()), story.world.read(pledge, story.pledge).state];
    };
    assert.equal(outcomeAfter(0), ['E_ENCUMBERED', 'AGREED']);
    assert.equal(outcomeAfter(1), ['OK', 'LAPSED']);
  },
);

paths('agree-pledge: two banks share a lot', () => {
  const story = storyAt('approved', 'lot');
  const rival = story.rival('approved');
  took(story.agree({ quantity: 600_000 }));
  took(rival.agree({ quantity: 400_000 }));
  took(story.perfect());
  took(rival.perfect());
  assert.equal(story.world.read(encumbrance, story.unit).quantities, [600_000, 400_000]);
  assert.equal(findBreaches(story.world), []);
});

paths('agree-pledge: a loan forgets pledges that have ended', () => {
  const story = storyAt('agreed');
  took(story.release());
  took(story.agree());
  assert.is(story.world.read(loan, story.loan).pledges.length, 1);
});

paths('perfect-pledge: first rank at this position; control of the receipt moves', () => {
  const story = storyAt('approved');
  const document = took(story.issue());
  took(story.agree());
  took(story.perfect());
  const held = story.world.read(pledge, story.pledge);
  assert.is(held.state, 'PERFECTED');
  assert.is(held.rank, 1);
  assert.is(held.perfectedAt, story.world.height);
  assert.ok(held.countRoot !== undefined);
  assert.is(story.world.read(receipt, document).state, 'HELD');
  assert.is(toHex(story.world.read(receipt, document).controller), toHex(idOf('bankA')));
  assert.equal(story.world.read(encumbrance, story.unit).entries, [
    { pledge: story.pledge, rank: 1, state: 'PLEDGED' },
  ]);
});

paths('perfect-pledge: the readings that registered the goods may count them while they are fresh', () => {
  const story = storyAt('empty');
  const evidence = story.world.count('1000', PACKAGES);
  took(story.register({ evidence }));
  story.done = 1;
  story.reach('agreed');
  took(story.perfect({ evidence }));
});

paths('draw: the debt, and its record; further drawings up to the limit', () => {
  const story = storyAt('perfected');
  const id = took(story.draw());
  assert.is(story.loanState(), 'DRAWN');
  assert.equal(story.world.read(loan, story.loan).debt, {
    costs: 1_000,
    interest: 20_000,
    principal: 900_000,
  });
  const paid = story.world.read(payment, id);
  assert.is(paid.kind, 'draw');
  assert.is(paid.amount, 900_000);
  took(story.draw({ principal: 100_000, interest: 0, costs: 0 }));
  assert.is(story.world.read(loan, story.loan).debt.principal, 1_000_000);
});

paths('repay: costs, interest, principal in that order; excess goes back; zero is REPAID', () => {
  const story = storyAt('drawn');
  const after = (amount: number, payer: PartyName): unknown => {
    const paid = story.world.read(
      payment,
      took(story.repay({ amount, payer: idOf(payer) }, [payer, 'bankA'])),
    );
    return [paid.applied, paid.returned, story.world.read(loan, story.loan).debt, story.loanState()];
  };
  assert.equal(after(400, 'acme'), [
    { costs: 400, interest: 0, principal: 0 },
    0,
    { costs: 600, interest: 20_000, principal: 900_000 },
    'DRAWN',
  ]);
  assert.equal(after(10_600, 'zenith'), [
    { costs: 600, interest: 10_000, principal: 0 },
    0,
    { costs: 0, interest: 10_000, principal: 900_000 },
    'DRAWN',
  ]);
  assert.equal(after(910_001, 'acme'), [
    { costs: 0, interest: 10_000, principal: 900_000 },
    1,
    noDebt,
    'REPAID',
  ]);
});

paths('release: the goods are free, the receipt is the pledgor’s', () => {
  const story = storyAt('approved');
  const document = took(story.issue());
  took(story.agree());
  took(story.perfect());
  took(story.release());
  assert.is(story.world.read(pledge, story.pledge).state, 'RELEASED');
  assert.is(story.world.get(encumbrance, story.unit), undefined);
  assert.is(story.world.read(receipt, document).state, 'ISSUED');
  assert.is(toHex(story.world.read(receipt, document).controller), toHex(idOf('acme')));
  assert.equal(findBreaches(story.world), []);
});

paths('release: waived, and the debt stays', () => {
  const story = storyAt('drawn');
  took(story.release({ waived: true }));
  assert.is(story.loanState(), 'DRAWN');
  assert.is(story.world.read(pledge, story.pledge).state, 'RELEASED');
});

paths('release: of a lot, only what it held', () => {
  const story = storyAt('approved', 'lot');
  const rival = story.rival('approved');
  took(story.agree({ quantity: 600_000 }));
  took(rival.agree({ quantity: 400_000 }));
  took(story.release());
  assert.equal(story.world.read(encumbrance, story.unit).quantities, [400_000]);
});

paths('warn: each trigger by a reading just past its line', () => {
  for (const [trigger, value, level] of [
    ['weight', '994.999999999', 'warning'],
    ['weight', '979.9', 'critical'],
    ['weight', '1021', 'critical'],
    ['temperature', '40.001', 'warning'],
    ['temperature', '-5.001', 'warning'],
    ['tilt', '-0.52361', 'warning'],
    ['shock', '49.0331', 'warning'],
  ] as const) {
    const story = storyAt('perfected');
    const sensor = trigger === 'weight' ? 'scale' : 'climate';
    const evidence = [story.world.reading({ device: sensor, values: { [trigger]: value } })];
    const raised = story.world.read(warning, took(story.warn({ trigger, evidence })));
    assert.is(raised.level, level, `${trigger} ${value}`);
    assert.is(raised.cureUntil, story.world.time + 24 * HOUR_MS);
    const held = story.world.read(pledge, story.pledge);
    assert.is(held.state, 'WARNED');
    assert.is(held.cureUntil, raised.cureUntil);
    assert.is(story.world.read(unit, story.unit).quantity, QUANTITY, 'a warning never changes book quantity');
  }
});

paths('enrol-party: a countersigner may be bank and monitor at once', () => {
  const { world } = storyAt('empty');
  world.change(party, idOf('monitor'), { roles: ['bank', 'monitor'] });
  took(world.run(enrolParty, { ...newcomer, controller: zero32 }, ['newcomer', 'bankA', 'monitor']));
});

paths('the whole loan breaks no invariant at any stage', () => {
  const story = new Story(World.enrolled());
  for (const stage of [
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
  ] as const) {
    assert.equal(findBreaches(story.reach(stage).world), [], stage);
  }
});

paths.run();
