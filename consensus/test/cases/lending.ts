/** Cases of the rows from enrolment to the first warning (rows 0–2, 8–15, 20, 21, 23) `[ORD-5]`. */

import * as assert from 'uvu/assert';
import { concatBytes } from '../../codec/bytes.ts';
import { evaluation } from '../../contracts/objects/evaluation.ts';
import { loan } from '../../contracts/objects/loan.ts';
import { receipt, receiptTerms } from '../../contracts/objects/receipt.ts';
import { unit } from '../../contracts/objects/unit.ts';
import type { ReadingTrigger } from '../../contracts/objects/warning.ts';
import { device, labelKey, party } from '../../contracts/registry.ts';
import { enrolDevice, enrolKey, enrolParty } from '../../contracts/transitions/enrol.ts';
import type { registerGoods } from '../../contracts/transitions/register-goods.ts';
import { revokeDevice, revokeKey } from '../../contracts/transitions/revoke.ts';
import { zero32 } from '../../crypto/hash.ts';
import { verifyCallSignature } from '../../vertex/call.ts';
import type { QuantityName } from '../../vertex/quantities.ts';
import {
  DAY_MS,
  LENDABLE,
  nowhere,
  OTHER_SSCC,
  PACKAGES,
  QUANTITY,
  SSCC,
  type Story,
  storyAt,
  WEIGHT_KG,
} from '../contract-story.ts';
import {
  type ArgsOf,
  deviceId,
  HOUR_MS,
  idOf,
  leiOf,
  makeLei,
  network,
  type Outcome,
  type PartyName,
  signerOf,
  World,
} from '../contract-world.ts';
import { euros, issueTo, repayInDollars, withDollars, writeOffLoan } from '../loan-steps.ts';
import type { Cases } from './cases.ts';

const smallOrderKey = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0));
const MINUTE_MS = 60_000;

function enrolNewParty(
  changes: Partial<ArgsOf<typeof enrolParty>> = {},
  by = ['newcomer', 'bankA', 'monitor'],
  world = World.enrolled(),
): Outcome {
  const args = {
    roles: ['enterprise' as const],
    key: signerOf('newcomer').publicKey,
    countersigners: [idOf('bankA'), idOf('monitor')],
    lei: makeLei('NEWCOMER'),
    name: 'Newcomer',
    address: '2 New Road',
    controller: zero32,
    ...changes,
  };
  return world.run(enrolParty, args, by);
}

/** Enrolment of a small-order key with the signature that anyone can make for it: under ZIP-215 it verifies. */
function enrolSmallOrderKey(): Outcome {
  const world = World.enrolled();
  const args = {
    party: idOf('acme'),
    key: smallOrderKey,
    kind: 'party' as const,
    monitor: undefined,
    replaces: undefined,
  };
  const call = world.compose(enrolKey, args, ['acme']);
  const signature = concatBytes(smallOrderKey, zero32);
  assert.ok(verifyCallSignature({ key: smallOrderKey, signature }, call.header));
  const outcome = world.execute({
    ...call,
    signatures: [{ key: smallOrderKey, signature }, ...call.signatures],
  });
  assert.is(outcome.refusal?.facts.reason, 'point of small order');
  return outcome;
}

function enrolNewKey(
  changes: Partial<ArgsOf<typeof enrolKey>> = {},
  by = ['acme', 'acme second'],
  world = World.enrolled(),
): Outcome {
  const args = {
    party: idOf('acme'),
    key: signerOf('acme second').publicKey,
    kind: 'party' as const,
    monitor: undefined,
    replaces: undefined,
    ...changes,
  };
  return world.run(enrolKey, args, by);
}

function enrolNewDevice(
  changes: Partial<ArgsOf<typeof enrolDevice>> = {},
  world = World.enrolled(),
): Outcome {
  const args = {
    owner: idOf('warehouse'),
    monitor: idOf('monitor'),
    key: signerOf('new scale').publicKey,
    replaces: false,
    validUntil: undefined,
    identifier: 'new-scale',
    functions: ['weigher' as const],
    ...changes,
  };
  return world.run(enrolDevice, args, ['warehouse', 'acme', 'monitor']);
}

/** Two banks approved on the same goods, in one world. */
function twoApproved(): readonly [Story, Story] {
  const story = storyAt('approved');
  return [story, story.rival('approved')];
}

/** Perfection where some parties are controlled by others. */
function perfectWhereControlled(controllers: { readonly [name in PartyName]?: PartyName }): Outcome {
  const story = storyAt('agreed');
  for (const [name, controller] of Object.entries(controllers)) {
    story.world.change(party, idOf(name as PartyName), { controller: idOf(controller) });
  }
  return story.perfect();
}

/** A warning on one reading. */
function warnWith(
  trigger: ReadingTrigger,
  values: { readonly [Q in QuantityName]?: string },
  sensor = 'scale',
): Outcome {
  const story = perfected();
  return story.warn({ trigger, evidence: [story.world.reading({ device: sensor, values })] });
}

/** Registration with one reading changed. */
/** One machine of a tonne, named by its GIAI. */
const registerMachine = (changes: Partial<ArgsOf<typeof registerGoods>>): Outcome => {
  const story = storyAt('empty');
  const evidence = story.world.count(WEIGHT_KG, 1);
  return story.register({ scheme: 'giai', label: '8004-LATHE-7', packages: 1, evidence, ...changes });
};

const registerWith = (evidence: (world: World) => Uint8Array[]): Outcome => {
  const story = storyAt('empty');
  return story.register({ evidence: evidence(story.world) });
};
const weighing = (world: World, changes: Partial<Parameters<World['reading']>[0]> = {}): Uint8Array =>
  world.reading({ device: 'scale', values: { weight: '1000' }, ...changes });
const counting = (world: World, changes: Partial<Parameters<World['reading']>[0]> = {}): Uint8Array =>
  world.reading({ device: 'camera', values: { count: String(PACKAGES) }, ...changes });

/** A first and a second version of an order receipt. */
function stateTwice(story: Story): readonly [first: Uint8Array, second: Uint8Array] {
  const first = story.order;
  const second = story.stateOrder({ predecessor: first }).id;
  return [first, second];
}

/** Every field of a receipt that the issuer must fill in, and what it is when left empty. */
const receiptFields = [
  'quantity',
  'packages',
  'specification',
  'quality',
  'marks',
  'issuePlace',
  'storageUntil',
  'charges',
  'insurer',
  'insuredAmount',
  'insuredCurrency',
  'insuredUntil',
  'deliverTo',
  'issuerInterest',
] as const;
type ReceiptField = (typeof receiptFields)[number];

function issueWithout(field: ReceiptField): Outcome {
  const isNumber = receiptTerms[field].jsonSchema.type === 'integer';
  const outcome = storyAt('registered').issue({ [field]: isNumber ? 0 : '' });
  assert.is(outcome.refusal?.facts.field, field);
  return outcome;
}

const perfected = () => storyAt('perfected');

export const cases: Cases = {
  'enrol-party': {
    OK: { plain: () => enrolNewParty() },
    E_CREDENTIAL: {
      'one party countersigns twice': () => enrolNewParty({ countersigners: [idOf('bankA'), idOf('bankA')] }),
      'the key is of small order': () => enrolNewParty({ key: smallOrderKey }),
      'the new key did not sign': () => enrolNewParty({}, ['bankA', 'monitor']),
    },
    E_ID_INVALID: {
      'the LEI’s check digits are wrong': () =>
        enrolNewParty({ lei: `${makeLei('NEWCOMER').slice(0, 18)}00` }),
    },
    E_ID_LIVE: {
      'the LEI is enrolled': () => [enrolNewParty({ lei: leiOf('zenith') }), idOf('zenith')],
      'the key is enrolled': () => [
        enrolNewParty({ key: signerOf('zenith').publicKey }),
        signerOf('zenith').publicKey,
      ],
    },
    E_SCHEMA: { 'a role is named twice': () => enrolNewParty({ roles: ['bank', 'bank'] }) },
  },

  'enrol-key': {
    OK: { plain: () => enrolNewKey() },
    E_CREDENTIAL: {
      'a gateway key has no monitor’s countersignature': () => enrolNewKey({ kind: 'gateway' }),
      'the new key did not sign': () => enrolNewKey({}, ['acme']),
      'the key is of small order, and anyone’s signature its own': () => enrolSmallOrderKey(),
      'the key replaced is another party’s': () => enrolNewKey({ replaces: signerOf('zenith').publicKey }),
      'the key replaced is of another kind': () =>
        enrolNewKey({ replaces: signerOf('acme gateway').publicKey }),
    },
    E_ID_LIVE: {
      'the key is enrolled': () => [
        enrolNewKey({ key: signerOf('zenith').publicKey }),
        signerOf('zenith').publicKey,
      ],
      'the key was revoked': () => {
        const world = World.enrolled();
        enrolNewKey({}, ['acme', 'acme second'], world);
        world.run(revokeKey, { key: signerOf('acme second').publicKey }, ['acme']);
        return enrolNewKey({}, ['acme'], world);
      },
    },
    E_NOT_FOUND: { 'the key replaced is unknown': () => enrolNewKey({ replaces: nowhere }) },
    E_STATE: {
      'the key replaced is revoked already': () => {
        const world = World.enrolled();
        enrolNewKey({}, ['acme', 'acme second'], world);
        world.run(revokeKey, { key: signerOf('acme second').publicKey }, ['acme']);
        const changes = {
          key: signerOf('acme third').publicKey,
          replaces: signerOf('acme second').publicKey,
        };
        return enrolNewKey(changes, ['acme', 'acme third'], world);
      },
    },
  },

  'enrol-device': {
    OK: { plain: () => enrolNewDevice() },
    E_CREDENTIAL: {
      'the key is of small order': () => enrolNewDevice({ key: smallOrderKey }),
      'the key is short': () => enrolNewDevice({ key: new Uint8Array(31) }),
    },
    E_ID_INVALID: { 'the identifier has a blank': () => enrolNewDevice({ identifier: 'new scale' }) },
    E_ID_LIVE: {
      'the device is enrolled': () => [enrolNewDevice({ identifier: 'camera' }), deviceId('camera')],
      'another owner would replace it': () => [
        enrolNewDevice({ identifier: 'camera', owner: idOf('acme'), replaces: true }),
        deviceId('camera'),
      ],
    },
    E_NOT_FOUND: { 'there is nothing to replace': () => enrolNewDevice({ replaces: true }) },
    E_SCHEMA: {
      'a function is named twice': () => enrolNewDevice({ functions: ['door', 'door'] }),
      'valid until a time that is over': () => {
        const world = World.enrolled();
        return enrolNewDevice({ validUntil: world.time }, world);
      },
    },
  },

  'revoke-key': {
    OK: { plain: () => World.enrolled().run(revokeKey, { key: signerOf('acme').publicKey }, ['acme']) },
    E_NOT_FOUND: { 'the key is unknown': () => World.enrolled().run(revokeKey, { key: nowhere }, ['acme']) },
    E_STATE: {
      'the key is revoked': () => {
        const world = World.enrolled();
        world.run(revokeKey, { key: signerOf('acme gateway').publicKey }, ['acme']);
        return world.run(revokeKey, { key: signerOf('acme gateway').publicKey }, ['acme']);
      },
    },
  },

  'revoke-device': {
    OK: { plain: () => World.enrolled().run(revokeDevice, { device: deviceId('scale') }, ['monitor']) },
    E_NOT_FOUND: {
      'the device is unknown': () => World.enrolled().run(revokeDevice, { device: nowhere }, ['acme']),
    },
    E_STATE: {
      'the device is revoked': () => {
        const world = World.enrolled();
        world.run(revokeDevice, { device: deviceId('scale') }, ['monitor']);
        return world.run(revokeDevice, { device: deviceId('scale') }, ['monitor']);
      },
    },
  },

  'register-goods': {
    OK: {
      plain: () => storyAt('empty').register(),
      'a machine tool': () => registerMachine({}),
      'a truck that is a device of its owner': () => registerMachine({ label: 'truck' }),
    },
    E_EVIDENCE: {
      'there is no count': () => registerWith((world) => [weighing(world)]),
      'there is no weighing': () => registerWith((world) => [counting(world)]),
      'weight differs by more than the tolerance': () =>
        registerWith((world) => [weighing(world, { values: { weight: '994.999' } }), counting(world)]),
      'one weighing of two differs': () =>
        registerWith((world) => [
          weighing(world),
          weighing(world, { values: { weight: '900' } }),
          counting(world),
        ]),
      'the count differs by one': () =>
        registerWith((world) => [weighing(world), counting(world, { values: { count: '39' } })]),
      'one device states both': () => {
        const story = storyAt('empty');
        story.world.change(device, deviceId('scale'), { functions: ['weigher', 'counter'] });
        return story.register({
          evidence: [weighing(story.world, { values: { weight: '1000', count: String(PACKAGES) } })],
        });
      },
      'both devices are the owner’s': () =>
        registerWith((world) => [
          weighing(world, { device: 'acme-scale' }),
          counting(world, { device: 'acme-counter' }),
        ]),
      'a proof leads nowhere': () => registerWith((world) => [nowhere, weighing(world), counting(world)]),
      'one reading is shown twice': () =>
        registerWith((world) => [
          weighing(world, { counter: 7 }),
          weighing(world, { counter: 7 }),
          counting(world),
        ]),
      'the device is unknown': () =>
        registerWith((world) => [weighing(world, { device: 'stranger' }), counting(world)]),
      'the device is revoked': () => {
        const story = storyAt('empty');
        story.world.run(revokeDevice, { device: deviceId('scale') }, ['monitor']);
        return story.register();
      },
      'the device may not weigh': () =>
        registerWith((world) => [weighing(world, { device: 'climate' }), counting(world)]),
      'a camera may count, and nothing else': () =>
        registerWith((world) => [
          counting(world, { values: { weight: '1000' } }),
          world.reading({ device: 'counter', values: { count: String(PACKAGES) } }),
        ]),
      'the sensor’s signature is another’s': () =>
        registerWith((world) => [weighing(world, { signedBy: 'acme-scale' }), counting(world)]),
      'the gateway is no gateway': () =>
        registerWith((world) => [weighing(world, { gateway: 'monitor' }), counting(world)]),
      'the gateway is revoked': () => {
        const story = storyAt('empty');
        const evidence = story.world.count('1000', PACKAGES);
        story.world.run(revokeKey, { key: signerOf('monitor gateway').publicKey }, ['monitor']);
        return story.register({ evidence });
      },
      'the owner’s gateway vouches for another’s device': () =>
        registerWith((world) => [weighing(world), counting(world, { gateway: 'acme gateway' })]),
      'the sensor’s clock is an hour behind': () =>
        registerWith((world) => [weighing(world, { time: world.time - HOUR_MS }), counting(world)]),
      'the sensor’s clock is an hour ahead': () =>
        registerWith((world) => [weighing(world, { time: world.time + HOUR_MS + 251 }), counting(world)]),
      'the reading was final an hour ago': () =>
        registerWith((world) => [weighing(world, { finalTime: world.time - HOUR_MS }), counting(world)]),
      'the readings registered other goods': () => {
        const story = storyAt('empty');
        const evidence = story.world.count('1000', PACKAGES);
        story.register({ evidence });
        return story.register({ label: OTHER_SSCC, evidence });
      },
    },
    E_ID_INVALID: {
      'the SSCC’s check digit is wrong': () =>
        storyAt('empty').register({ label: `${SSCC.slice(0, 17)}${(Number(SSCC[17]) + 1) % 10}` }),
      'an SSCC stands for a lot': () => storyAt('empty').register({ scheme: 'lot' }),
      'a GIAI with a space': () => registerMachine({ label: 'LATHE 7' }),
      'the GLN’s check digit is wrong': () => storyAt('empty').register({ gln: '9506000134351' }),
    },
    E_ID_LIVE: {
      'the unit is registered': () => [storyAt('registered').register(), storyAt('registered').unit],
    },
    E_SCHEMA: {
      'the temperature range is empty': () =>
        storyAt('empty').register({ temperature: { leastMilliC: 1, mostMilliC: 0 } }),
      'a machine in two packages': () => registerMachine({ packages: 2 }),
    },
    E_TITLE: {
      'the owner did not sign': () => storyAt('empty').register({}, ['monitor', 'warehouse']),
      'the device of that GIAI is another’s': () => [registerMachine({ label: 'scale' }), deviceId('scale')],
    },
  },

  'issue-receipt': {
    OK: { plain: () => storyAt('registered').issue() },
    E_NOT_FOUND: { 'the unit is unknown': () => storyAt('empty').issue() },
    E_OVERISSUE: {
      'more than is registered': () => storyAt('registered').issue({ quantity: QUANTITY + 1 }),
      'more packages than are registered': () => storyAt('registered').issue({ packages: PACKAGES + 1 }),
      'a logistic unit has a receipt': () => {
        const story = storyAt('registered');
        const first = story.issue({ quantity: 1 }).id;
        return [story.issue({ quantity: 1 }), first];
      },
      'a lot is receipted but for less': () => {
        const story = storyAt('registered', 'lot');
        const first = story.issue({ quantity: 600_000 }).id;
        return [story.issue({ quantity: 400_001 }), first];
      },
      'the goods are reserved': () => {
        const story = storyAt('agreed');
        return [story.issue({ quantity: 1 }), story.pledge];
      },
      'the goods are pledged': () => [perfected().issue({ quantity: 1 }), perfected().pledge],
    },
    E_POLICY: {
      'the lot has sixteen receipts': () => {
        const story = storyAt('registered', 'lot');
        for (let i = 0; i < 16; i++) story.issue({ quantity: 1 });
        return story.issue({ quantity: 1 });
      },
    },
    E_RECEIPT_FIELDS: {
      ...Object.fromEntries(receiptFields.map((field) => [`no ${field}`, () => issueWithout(field)])),
      'the depositor has no address': () => {
        const story = storyAt('registered');
        story.world.change(party, idOf('acme'), { address: '' });
        return story.issue();
      },
      'a lien is claimed in no currency': () => storyAt('registered').issue({ lienAmount: 1 }),
    },
    E_SCHEMA: {
      'the insured currency is none': () => storyAt('registered').issue({ insuredCurrency: 'eur' }),
      'storage ends before it begins': () => storyAt('registered').issue({ storageUntil: 1 }),
      'insurance ends before it begins': () => storyAt('registered').issue({ insuredUntil: 1 }),
    },
    E_STATE: {
      'the goods are lost': () => {
        const story = storyAt('registered');
        story.world.change(unit, story.unit, { state: 'LOST' });
        return story.issue();
      },
    },
  },

  'order-receipt': {
    OK: { plain: () => storyAt('registered').stateOrder() },
    E_ID_INVALID: {
      'the order number has a blank': () => storyAt('registered').stateOrder({ orderNumber: 'PO 17' }),
    },
    E_NOT_FOUND: {
      'the unit is unknown': () => storyAt('empty').stateOrder(),
      'the predecessor is unknown': () => storyAt('registered').stateOrder({ predecessor: nowhere }),
    },
    E_RECEIPT_FIELDS: {
      'no pledgee': () => storyAt('registered').stateOrder({ pledgee: undefined }),
      'no specification': () => storyAt('registered').stateOrder({ specification: '' }),
      'no position': () => storyAt('registered').stateOrder({ position: '' }),
      'no condition': () => storyAt('registered').stateOrder({ condition: '' }),
      'no order number': () => storyAt('registered').stateOrder({ orderNumber: '' }),
      'no amount': () => storyAt('registered').stateOrder({ amount: 0 }),
      'no currency': () => storyAt('registered').stateOrder({ currency: '' }),
    },
    E_ROLE: { 'the pledgee is no bank': () => storyAt('registered').stateOrder({ pledgee: idOf('zenith') }) },
    E_SCHEMA: { 'the currency is none': () => storyAt('registered').stateOrder({ currency: 'Eur' }) },
    E_STATE: {
      'the predecessor has a successor': () => {
        const story = storyAt('stated');
        const [first, second] = stateTwice(story);
        return [story.stateOrder({ predecessor: first }), second];
      },
      'the predecessor is about other goods': () => {
        const story = storyAt('stated');
        story.register({ label: OTHER_SSCC });
        return story.stateOrder({ predecessor: story.order, unit: labelKey(network, 'sscc', OTHER_SSCC) });
      },
      'the goods are out': () => {
        const story = storyAt('registered');
        story.world.change(unit, story.unit, { state: 'OUT' });
        return story.stateOrder();
      },
    },
  },

  apply: {
    OK: { plain: () => storyAt('registered').apply() },
    E_ID_INVALID: {
      'the LEI’s check digits are wrong': () =>
        storyAt('registered').apply({ lei: `${leiOf('acme').slice(0, 18)}00` }),
      'the LEI is another’s': () => storyAt('registered').apply({ lei: leiOf('zenith') }),
      'an order number has a blank': () => storyAt('registered').apply({ orders: ['PO-1', 'PO 2'] }),
    },
    E_NOT_FOUND: { 'a unit is unknown': () => storyAt('registered').apply({ units: [nowhere] }) },
    E_ROLE: { 'the bank is none': () => storyAt('registered').apply({ bank: idOf('zenith') }) },
    E_SCHEMA: {
      'the currency is none': () => storyAt('registered').apply({ currency: 'eu1' }),
      'the maturity has passed': () => storyAt('registered').apply({ maturity: 1 }),
      'an order is named twice': () => storyAt('registered').apply({ orders: ['PO-1', 'PO-1'] }),
      'a unit is named twice': () =>
        storyAt('registered').apply({ units: [storyAt('registered').unit, storyAt('registered').unit] }),
    },
  },

  withdraw: {
    OK: { plain: () => storyAt('approved').withdraw() },
    E_NOT_FOUND: { 'the loan is unknown': () => storyAt('registered').withdraw() },
    E_STATE: {
      'the loan is drawn': () => storyAt('drawn').withdraw(),
      'the loan is withdrawn': () => {
        const story = storyAt('applied');
        story.withdraw();
        return [story.withdraw(), story.loan];
      },
    },
  },

  authorise: {
    OK: { plain: () => storyAt('applied').authorise() },
    E_NO_CONSENT: { 'the enterprise did not sign': () => storyAt('applied').authorise({}, ['bankA']) },
    E_NOT_FOUND: {
      'the loan is unknown': () => storyAt('registered').authorise(),
      'the goods are unknown': () => storyAt('applied').authorise({ scope: [nowhere] }),
    },
    E_SCHEMA: {
      'the scope repeats itself': () =>
        storyAt('applied').authorise({ scope: [storyAt('applied').unit, storyAt('applied').unit] }),
      'a kind is named twice': () => storyAt('applied').authorise({ kinds: ['status', 'status'] }),
      'it has expired': () => storyAt('applied').authorise({ expires: 1 }),
    },
    E_SCOPE: {
      'the goods are another’s': () => {
        const story = storyAt('applied');
        story.register({ label: OTHER_SSCC, owner: idOf('zenith') }, ['monitor', 'warehouse', 'zenith']);
        return story.authorise({ scope: [labelKey(network, 'sscc', OTHER_SSCC)] });
      },
    },
    E_STATE: {
      'the loan is repaid': () => storyAt('repaid').authorise(),
      'the loan is declined': () => {
        const story = storyAt('applied');
        story.decide();
        return story.authorise();
      },
    },
  },

  'revoke-grant': {
    OK: { plain: () => storyAt('authorised').revokeGrant() },
    E_NO_CONSENT: {
      'the enterprise revokes after perfection': () => [
        perfected().revokeGrant({}, ['acme']),
        perfected().pledge,
      ],
      'the enterprise revokes while warned': () => {
        const story = perfected();
        story.warn();
        return story.revokeGrant({}, ['acme']);
      },
    },
    E_NOT_FOUND: { 'the grant is unknown': () => storyAt('applied').revokeGrant() },
    E_STATE: {
      'the grant is revoked': () => {
        const story = storyAt('authorised');
        story.revokeGrant();
        return story.revokeGrant();
      },
    },
  },

  'request-status': {
    OK: {
      plain: () => storyAt('authorised').ask(),
      'again, once it is answered': () => {
        const story = storyAt('stated');
        story.ask();
        story.supply();
        return story.ask();
      },
    },
    E_NOT_FOUND: {
      'the grant is unknown': () => storyAt('authorised').ask({ grant: nowhere }),
      'the unit is unknown': () => storyAt('authorised').ask({ unit: nowhere }),
    },
    E_SCOPE: {
      'the grant is revoked': () => {
        const story = storyAt('authorised');
        story.revokeGrant();
        return [story.ask(), story.grant];
      },
      'the grant has expired': () => {
        const story = storyAt('authorised');
        story.world.pass(30 * DAY_MS + MINUTE_MS);
        return story.ask();
      },
      'the grant does not cover the status': () => {
        const story = storyAt('authorised');
        story.authorise({ kinds: ['ownership'] });
        return story.ask();
      },
      'the grant does not name the goods': () => {
        const story = storyAt('authorised');
        story.register({ label: OTHER_SSCC });
        return story.ask({ unit: labelKey(network, 'sscc', OTHER_SSCC) });
      },
    },
    E_STATE: {
      'it is asked already': () => {
        const story = storyAt('authorised');
        story.ask();
        return story.ask();
      },
    },
    E_ROLE: { 'by another bank': () => storyAt('authorised').ask({}, ['bankB']) },
  },
  'supply-status': {
    OK: {
      plain: () => storyAt('stated').supply(),
      'as it was asked': () => {
        const story = storyAt('stated');
        story.ask();
        return story.supply();
      },
    },
    E_EVIDENCE: {
      'there is no count': () => {
        const story = storyAt('stated');
        return story.supply({ evidence: [weighing(story.world)] });
      },
      'one reading is shown twice': () => {
        const story = storyAt('stated');
        const [scale, camera] = story.world.count('1000', PACKAGES);
        return story.supply({ evidence: [scale!, camera!, camera!] });
      },
      'the readings are of another time': () => {
        const story = storyAt('stated');
        return story.supply({ asOf: story.world.time - 2 * HOUR_MS });
      },
      'the readings speak of other goods': () => {
        const story = storyAt('stated');
        const evidence = story.world.count('1000', PACKAGES);
        story.register({ label: OTHER_SSCC, evidence });
        return story.supply({ evidence });
      },
    },
    E_NOT_FOUND: {
      'the grant is unknown': () => storyAt('stated').supply({ grant: nowhere }),
      'the unit is unknown': () => storyAt('stated').supply({ unit: nowhere }),
      'the order receipt is unknown': () => storyAt('authorised').supply(),
    },
    E_SCOPE: {
      'the grant is revoked': () => {
        const story = storyAt('stated');
        story.revokeGrant();
        return [story.supply(), story.grant];
      },
      'the grant has expired': () => {
        const story = storyAt('stated');
        story.world.pass(30 * DAY_MS + MINUTE_MS);
        return story.supply();
      },
      'the grant does not cover the status': () => {
        const story = storyAt('stated');
        story.authorise({ kinds: ['ownership'] });
        return story.supply();
      },
      'the grant does not name the goods': () => {
        const story = storyAt('stated');
        story.register({ label: OTHER_SSCC });
        return story.supply({ unit: labelKey(network, 'sscc', OTHER_SSCC) });
      },
      'the order receipt is for another bank': () => {
        const story = storyAt('authorised');
        story.stateOrder({ pledgee: idOf('bankB') });
        return story.supply();
      },
    },
    E_STALE: {
      'the status is a day old': () => {
        const story = storyAt('stated');
        return story.supply({ asOf: story.world.time - DAY_MS });
      },
      'the status is of a time to come': () => {
        const story = storyAt('stated');
        return story.supply({ asOf: story.world.time + 251 });
      },
      'the order receipt has a newer version': () => {
        const story = storyAt('stated');
        const [first, second] = stateTwice(story);
        return [story.supply({ orderReceipt: first }), second];
      },
    },
  },

  evaluate: {
    OK: { plain: () => storyAt('supplied').evaluate() },
    E_INELIGIBLE: {
      'the goods are lost': () => {
        const story = storyAt('supplied');
        story.world.change(unit, story.unit, { state: 'LOST' });
        return [story.evaluate(), story.unit];
      },
      'the goods are another’s': () => {
        const story = storyAt('supplied');
        story.world.change(unit, story.unit, { owner: idOf('zenith') });
        return story.evaluate();
      },
      'more than is there': () => {
        const story = storyAt('supplied');
        return story.evaluate({ lines: [story.line({ quantity: QUANTITY + 1 })] });
      },
      'the goods are another bank’s security': () => {
        const story = storyAt('approved');
        const rival = story.rival('supplied');
        story.agree({ quantity: 1 });
        return rival.evaluate();
      },
      'the goods are valued twice': () => {
        const story = storyAt('supplied');
        return story.evaluate({ lines: [story.line({ quantity: 1 }), story.line({ quantity: 1 })] });
      },
      'the weight is not that of the book': () => {
        const story = storyAt('stated');
        story.supply({ evidence: story.world.count('990', PACKAGES) });
        return story.evaluate();
      },
      'packages are missing': () => {
        const story = storyAt('stated');
        story.supply({ evidence: story.world.count('1000', PACKAGES - 1) });
        return story.evaluate();
      },
      'the application does not name the goods': () => {
        const story = storyAt('registered');
        story.register({ label: OTHER_SSCC });
        story.apply({ units: [labelKey(network, 'sscc', OTHER_SSCC)] });
        story.authorise();
        story.stateOrder();
        story.supply();
        return story.evaluate();
      },
    },
    E_NOT_FOUND: {
      'the loan is unknown': () => storyAt('registered').evaluate({ lines: [storyAt('registered').line()] }),
      'the status is unknown': () =>
        storyAt('supplied').evaluate({ lines: [storyAt('supplied').line({ status: nowhere })] }),
    },
    E_POLICY: {
      'the loan to value is above the policy’s': () => storyAt('supplied').evaluate({ loanToValueBp: 6_001 }),
    },
    E_PRICE_STALE: {
      'the price is a day old': () => {
        const story = storyAt('supplied');
        return story.evaluate({ priceTime: story.world.time - DAY_MS });
      },
      'the price is of a time to come': () => {
        const story = storyAt('supplied');
        return story.evaluate({ priceTime: story.world.time + 251 });
      },
    },
    E_RANGE: {
      'the value is no exact integer': () => {
        const story = storyAt('supplied');
        return story.evaluate({ lines: [story.line({ price: Number.MAX_SAFE_INTEGER, pricedQuantity: 1 })] });
      },
    },
    E_ROLE: {
      'the evaluator is nobody’s choice': () =>
        storyAt('supplied').evaluate({ evaluator: idOf('appraiser') }, ['appraiser']),
    },
    E_SCHEMA: {
      'the haircuts exceed the whole': () =>
        storyAt('supplied').evaluate({ haircutBp: 9_000, fxHaircutBp: 1_001 }),
    },
    E_SCOPE: {
      'the grant is revoked': () => {
        const story = storyAt('supplied');
        story.revokeGrant();
        return [story.evaluate(), story.grant];
      },
      'the status was supplied under another grant': () => {
        const story = storyAt('supplied');
        story.authorise();
        return [story.evaluate(), story.status];
      },
    },
    E_STALE: {
      'the status is a day old': () => {
        const story = storyAt('supplied');
        story.world.pass(DAY_MS);
        return [story.evaluate(), story.status];
      },
    },
    E_STATE: {
      'nothing is authorised': () => storyAt('applied').evaluate(),
      'the approval still runs': () => storyAt('approved').evaluate(),
    },
  },

  decide: {
    OK: { plain: () => storyAt('evaluated').approve() },
    E_LIMIT: {
      'the limit is above the lendable': () => [
        storyAt('evaluated').approve({ limit: LENDABLE + 1 }),
        storyAt('evaluated').evaluation,
      ],
    },
    E_NOT_FOUND: {
      'the loan is unknown': () => storyAt('registered').approve(),
      'the grant is unknown': () => storyAt('evaluated').approve({ grant: nowhere }),
      'the evaluation is unknown': () => storyAt('evaluated').approve({ evaluation: nowhere }),
    },
    E_PRICE_STALE: {
      'the price is a day old': () => {
        const story = storyAt('supplied');
        story.evaluate({ priceTime: story.world.time - DAY_MS + MINUTE_MS });
        story.world.pass(2 * MINUTE_MS);
        return story.approve();
      },
    },
    E_SCHEMA: { 'the approval has ended': () => storyAt('evaluated').approve({ until: 1 }) },
    E_SCOPE: {
      'the grant is another loan’s': () => {
        const story = storyAt('evaluated');
        return story.approve({ grant: story.rival('authorised').grant });
      },
      'the grant is revoked': () => {
        const story = storyAt('evaluated');
        story.revokeGrant();
        return [story.approve(), story.grant];
      },
    },
    E_STALE: {
      'the status is a day old': () => {
        const story = storyAt('supplied');
        story.world.pass(DAY_MS - MINUTE_MS);
        story.evaluate();
        story.world.pass(2 * MINUTE_MS);
        return [story.approve(), story.status];
      },
    },
    E_STATE: {
      'nothing was evaluated': () => storyAt('authorised').approve(),
      'an older evaluation is cited': () => {
        const story = storyAt('evaluated');
        const older = story.evaluation;
        const newer = story.evaluate().id;
        return [story.approve({ evaluation: older }), newer];
      },
      'an approved loan is declined': () => storyAt('approved').decide(),
    },
  },

  'agree-pledge': {
    OK: { plain: () => storyAt('approved').agree() },
    E_ENCUMBERED: {
      'another bank has the goods reserved': () => {
        const [story, rival] = twoApproved();
        const winner = story.agree().id;
        return [rival.agree(), winner];
      },
      'another bank has them pledged': () => {
        const [story, rival] = twoApproved();
        const winner = story.agree().id;
        story.perfect();
        return [rival.agree(), winner];
      },
      'less is left of a lot than asked': () => {
        const story = storyAt('approved', 'lot');
        const winner = story.agree({ quantity: 600_000 }).id;
        return [story.agree({ quantity: 400_001 }), winner];
      },
      'the receipt is security already': () => {
        const story = storyAt('approved', 'lot');
        story.issue({ quantity: 600_000 });
        const winner = story.agree({ quantity: 1 }).id;
        return [story.agree({ quantity: 1 }), winner];
      },
    },
    E_INELIGIBLE: {
      'the goods were not valued': () => {
        const story = storyAt('approved');
        story.register({ label: OTHER_SSCC });
        return story.agree({ unit: labelKey(network, 'sscc', OTHER_SSCC) });
      },
      'the goods are lost': () => {
        const story = storyAt('approved');
        story.world.change(unit, story.unit, { state: 'LOST' });
        return story.agree();
      },
      'the goods are another’s': () => {
        const story = storyAt('approved');
        story.world.change(unit, story.unit, { owner: idOf('zenith') });
        return story.agree();
      },
    },
    E_INSUFFICIENT: {
      'more than is there': () => [
        storyAt('approved').agree({ quantity: QUANTITY + 1 }),
        storyAt('approved').unit,
      ],
      'more than the receipt states': () => {
        const story = storyAt('approved', 'lot');
        story.issue({ quantity: 600_000 });
        return story.agree({ quantity: 600_001 });
      },
    },
    E_NOT_FOUND: {
      'the loan is unknown': () => storyAt('registered').agree(),
      'the unit is unknown': () => storyAt('approved').agree({ unit: nowhere }),
      'the receipt is unknown': () => storyAt('approved').agree({ receipt: nowhere }),
    },
    E_POLICY: {
      'the lot carries sixteen pledges': () => {
        const story = storyAt('approved', 'lot');
        for (let i = 0; i < 16; i++) story.agree({ quantity: 1 });
        return story.agree({ quantity: 1 });
      },
    },
    E_RECEIPT_OUT: {
      'the goods are receipted': () => {
        const story = storyAt('approved');
        const out = story.issue().id;
        return [story.agree({ receipt: undefined }), out];
      },
      'the receipt is over other goods': () => {
        const story = storyAt('approved');
        story.register({ label: OTHER_SSCC });
        const other = story.issue({ unit: labelKey(network, 'sscc', OTHER_SSCC) }).id;
        return [story.agree({ receipt: other }), other];
      },
      'another controls the receipt': () => {
        const story = storyAt('approved');
        story.issue();
        story.world.change(receipt, story.receipt!, { controller: idOf('zenith') });
        return story.agree();
      },
    },
    E_STATE: {
      'the loan is not approved': () => storyAt('evaluated').agree(),
      'the approval has lapsed': () => {
        const story = storyAt('approved');
        story.world.pass(10 * DAY_MS + MINUTE_MS);
        return [story.agree(), story.loan];
      },
    },
  },

  'perfect-pledge': {
    OK: { plain: () => storyAt('agreed').perfect() },
    E_AFFILIATE: {
      'the pledgor controls the warehouse': () => [
        perfectWhereControlled({ warehouse: 'acme' }),
        idOf('warehouse'),
      ],
      'the pledgor controls the monitor through another': () => [
        perfectWhereControlled({ monitor: 'zenith', zenith: 'acme' }),
        idOf('monitor'),
      ],
      'the monitor’s chain of control is endless': () => [
        perfectWhereControlled({ monitor: 'monitor2', monitor2: 'monitor' }),
        idOf('monitor'),
      ],
    },
    E_EVIDENCE: {
      'the count is short': () => {
        const story = storyAt('agreed');
        return story.perfect({ evidence: story.world.count('1000', PACKAGES - 1) });
      },
      'the count is not fresh': () => {
        const story = storyAt('agreed');
        const evidence = story.world.count('1000', PACKAGES);
        story.world.pass(HOUR_MS);
        return story.perfect({ evidence });
      },
      'there is no weighing': () => {
        const story = storyAt('agreed');
        return story.perfect({ evidence: [counting(story.world)] });
      },
      'the readings speak of other goods': () => {
        const story = storyAt('agreed');
        const evidence = story.world.count('1000', PACKAGES);
        story.register({ label: OTHER_SSCC, evidence });
        return story.perfect({ evidence });
      },
    },
    E_NO_CONTROL: {
      'the warehouse did not attorn': () => [
        storyAt('agreed').perfect({}, ['bankA', 'monitor']),
        idOf('warehouse'),
      ],
      'the monitor did not attorn': () => [
        storyAt('agreed').perfect({}, ['bankA', 'warehouse']),
        idOf('monitor'),
      ],
    },
    E_NOT_FOUND: { 'the pledge is unknown': () => storyAt('approved').perfect() },
    E_RECEIPT_OUT: {
      'another controls the receipt': () => {
        const story = storyAt('approved');
        story.issue();
        story.agree();
        story.world.change(receipt, story.receipt!, { controller: idOf('zenith') });
        return [story.perfect(), story.receipt!];
      },
    },
    E_STATE: {
      'it is perfected already': () => [perfected().perfect(), perfected().pledge],
      'the reservation has lapsed': () => {
        const story = storyAt('agreed');
        story.world.pass(72 * HOUR_MS);
        return story.perfect();
      },
      'the goods are lost': () => {
        const story = storyAt('agreed');
        story.world.change(unit, story.unit, { state: 'LOST' });
        return story.perfect();
      },
      'the loan is withdrawn': () => {
        const story = storyAt('agreed');
        story.withdraw();
        return [story.perfect(), story.loan];
      },
    },
  },

  draw: {
    OK: { plain: () => perfected().draw() },
    E_FUNDS: { 'no payment is named': () => perfected().draw({ reference: '' }) },
    E_LIMIT: {
      'the principal is above the limit': () =>
        perfected().draw({ principal: 1_000_001, interest: 0, costs: 0 }),
      'two drawings are above the limit': () =>
        storyAt('drawn').draw({ principal: 100_001, interest: 0, costs: 0 }),
      'the goods pledged do not support it': () => {
        const story = storyAt('approved', 'lot');
        story.agree({ quantity: 600_000 });
        story.perfect();
        return story.draw({ principal: (LENDABLE * 6) / 10 + 1 });
      },
      'the debt is above what the pledge secures': () =>
        perfected().draw({ principal: 1_000_000, interest: 200_000, costs: 1 }),
    },
    E_NOT_FOUND: {
      'the loan is unknown': () => storyAt('registered').draw(),
      'its evaluation is gone': () => {
        const story = perfected();
        story.world.remove(evaluation, story.evaluation);
        return story.draw();
      },
    },
    E_RANGE: {
      'the debt is no exact integer': () => {
        const story = perfected();
        story.draw({ principal: 1, interest: 1, costs: 1 });
        return story.draw({ interest: Number.MAX_SAFE_INTEGER });
      },
      'the costs are no exact integer': () => storyAt('drawn').draw({ costs: Number.MAX_SAFE_INTEGER }),
      'the principal is no exact integer': () =>
        storyAt('drawn').draw({ principal: Number.MAX_SAFE_INTEGER }),
    },
    E_STATE: {
      'no pledge is perfected': () => storyAt('agreed').draw(),
      'there is no pledge': () => [storyAt('approved').draw(), storyAt('approved').loan],
      'the pledge is warned': () => {
        const story = perfected();
        story.warn();
        return [story.draw(), story.pledge];
      },
      'the loan is repaid': () => storyAt('repaid').draw(),
      'the approval has lapsed': () => {
        const story = perfected();
        story.world.pass(10 * DAY_MS + MINUTE_MS);
        return story.draw();
      },
    },
  },

  repay: {
    OK: { plain: () => storyAt('drawn').repay() },
    E_CURRENCY: { 'paid in another currency': () => storyAt('drawn').repay({ currency: 'USD' }) },
    E_FUNDS: { 'no payment is named': () => storyAt('drawn').repay({ reference: '' }) },
    E_NOT_FOUND: { 'the loan is unknown': () => storyAt('registered').repay() },
    E_STATE: {
      'nothing was drawn': () => perfected().repay(),
      'it is repaid': () => [storyAt('repaid').repay(), storyAt('repaid').loan],
    },
  },

  'repay-exchanged': {
    OK: {
      'a part': () => repayInDollars(withDollars()),
      'to the last unit': () => repayInDollars(withDollars(), { amount: 1_842_000 }),
      'written off before': () => {
        const story = withDollars();
        writeOffLoan(story);
        return repayInDollars(story);
      },
    },
    E_CURRENCY: {
      'in the debt’s own': () => {
        const story = withDollars();
        issueTo(story, 'acme');
        return [repayInDollars(story, { money: euros() }), euros()];
      },
    },
    E_DEBT: {
      'more than is owed': () => {
        const story = withDollars();
        return [repayInDollars(story, { amount: 1_842_002 }), story.loan];
      },
    },
    E_FUNDS: {
      'more than there is': () => repayInDollars(withDollars(100_000)),
      'the bank pays itself': () => repayInDollars(withDollars(), { payer: idOf('bankA') }, ['bankA']),
    },
    E_NOT_FOUND: {
      'the loan is unknown': () => repayInDollars(storyAt('registered'), { loan: nowhere }),
      'the money is unknown': () => repayInDollars(storyAt('drawn')),
    },
    E_PVP_TIMEOUT: {
      'the quote is dead': () => {
        const story = withDollars();
        return repayInDollars(story, { quoteUntil: story.world.time - 1 });
      },
    },
    E_RANGE: {
      'worth less than one minor unit': () => repayInDollars(withDollars(), { amount: 1 }),
      'beyond exact integers': () =>
        repayInDollars(withDollars(), { quote: { numerator: Number.MAX_SAFE_INTEGER, denominator: 1 } }),
    },
    E_STATE: {
      'it is repaid': () => {
        const story = withDollars();
        story.repay();
        return [repayInDollars(story), story.loan];
      },
    },
  },

  release: {
    OK: { plain: () => storyAt('repaid').release() },
    E_DEBT: { 'debt remains': () => [storyAt('drawn').release(), storyAt('drawn').loan] },
    E_NOT_FOUND: {
      'the pledge is unknown': () => storyAt('approved').release(),
      'its loan is gone': () => {
        const story = perfected();
        story.world.remove(loan, story.loan);
        return story.release();
      },
    },
    E_STATE: {
      'it is released': () => {
        const story = storyAt('repaid');
        story.release();
        return [story.release(), story.pledge];
      },
    },
  },

  warn: {
    OK: { plain: () => perfected().warn() },
    E_EVIDENCE: {
      'the weight is within bounds': () => warnWith('weight', { weight: '995' }),
      'one of two weighings is within bounds': () => {
        const story = perfected();
        const evidence = ['900', '1000'].map((weight) => weighing(story.world, { values: { weight } }));
        return story.warn({ evidence });
      },
      'the readings are of another quantity': () => warnWith('weight', { temperature: '80' }, 'climate'),
      'the temperature is within the range': () => warnWith('temperature', { temperature: '40' }, 'climate'),
      'no range was agreed': () => {
        const story = perfected();
        story.world.change(unit, story.unit, { temperature: undefined });
        return story.warn({
          trigger: 'temperature',
          evidence: [story.world.reading({ device: 'climate', values: { temperature: '80' } })],
        });
      },
      'the tilt is thirty degrees': () => warnWith('tilt', { tilt: '0.5236' }, 'climate'),
      'the shock is five g': () => warnWith('shock', { shock: '49.033' }, 'climate'),
      'the only device is the owner’s': () => warnWith('weight', { weight: '900' }, 'acme-scale'),
      'the reading is old': () => {
        const story = perfected();
        const evidence = [weighing(story.world, { values: { weight: '900' } })];
        story.world.pass(HOUR_MS);
        return story.warn({ evidence });
      },
      'the weighing is of other goods': () => {
        const story = perfected();
        const evidence = story.world.count('500', PACKAGES);
        story.register({ label: OTHER_SSCC, quantity: 500_000, evidence });
        return story.warn({ evidence: evidence.slice(0, 1) });
      },
    },
    E_NOT_FOUND: { 'the pledge is unknown': () => storyAt('approved').warn() },
    E_STATE: {
      'it is not perfected': () => [storyAt('agreed').warn(), storyAt('agreed').pledge],
    },
  },
};
