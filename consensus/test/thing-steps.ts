/** Steps of the things' rows (40–43): a truck of acme pays tolls from acme's account, a phone countersigns. */

import { asciiBytes } from '../codec/bytes.ts';
import { type MandateLimits, mandate } from '../contracts/objects/mandate.ts';
import { virtualAccountId } from '../contracts/objects/virtual-account.ts';
import { acknowledgePayment } from '../contracts/transitions/acknowledge-payment.ts';
import { enrolDevice } from '../contracts/transitions/enrol.ts';
import { expire } from '../contracts/transitions/expire.ts';
import { giveMandate, narrowMandate, revokeMandate } from '../contracts/transitions/mandate.ts';
import { issueMoney } from '../contracts/transitions/money.ts';
import { openAccount } from '../contracts/transitions/open-account.ts';
import { payByThing } from '../contracts/transitions/pay-by-thing.ts';
import { revokeDevice } from '../contracts/transitions/revoke.ts';
import { resumeMandate, suspendMandate, suspendOnWarning } from '../contracts/transitions/suspend-mandate.ts';
import { transferThing } from '../contracts/transitions/transfer-thing.ts';
import { hash } from '../crypto/hash.ts';
import { DAY_MS } from './contract-story.ts';
import {
  type ArgsOf,
  deviceId,
  idOf,
  type Outcome,
  type PartyName,
  type ReadingOptions,
  START_MS,
  signerOf,
  World,
} from './contract-world.ts';
import { euros } from './loan-steps.ts';

const nothing = hash('label', asciiBytes('no mandate'));

export const truck = deviceId('truck');
export const phone = deviceId('phone');
export const truckEuros = virtualAccountId(truck, euros());
export const MONDAY_NOON_MS = START_MS + 4 * 3_600_000;

export const limits: MandateLimits = {
  payees: [idOf('carrier'), idOf('warehouse')],
  contents: ['toll', 'charging'],
  from: START_MS,
  until: START_MS + 30 * DAY_MS,
  fromMinute: 6 * 60,
  untilMinute: 22 * 60,
  means: [truckEuros],
  amountMax: 5_000,
  windowAmount: 12_000,
  windowCount: 3,
  threshold: 2_000,
  families: undefined,
  collateral: undefined,
};

export type Payment = Partial<ArgsOf<typeof payByThing>> & { readonly reading?: Partial<ReadingOptions> };

/** A thing that can do everything. */
export const able = { sensing: true, expression: true, processing: true, storage: true, identity: true };

export class ThingStory {
  readonly world: World;
  mandate = nothing;
  /** The last payment that took effect. */
  payment = nothing;

  constructor(world: World) {
    this.world = world;
  }

  fork(into: World = this.world.fork()): ThingStory {
    return Object.assign(new ThingStory(into), { mandate: this.mandate, payment: this.payment });
  }

  fund(to: PartyName, amount: number, issuer: PartyName = 'bankA', currency = 'EUR'): Outcome {
    const args = { issuer: idOf(issuer), to: idOf(to), currency, amount, reference: 'TX-1' };
    return this.world.run(issueMoney, args, [issuer]);
  }

  /** Puts a key of that name on the device. */
  enrol(
    identifier: string,
    owner: PartyName = 'acme',
    keyName = identifier,
    replaces = false,
    validUntil?: number,
  ): Outcome {
    const key = keyName === '' ? new Uint8Array(0) : signerOf(keyName).publicKey;
    const functions = ['counter' as const];
    const args = {
      ...{ owner: idOf(owner), monitor: idOf('monitor'), key, replaces, validUntil },
      ...{ identifier, functions },
    };
    return this.world.run(enrolDevice, args, [owner, 'monitor']);
  }

  revokeDevice(identifier = 'truck', owner: PartyName = 'acme'): Outcome {
    return this.world.run(revokeDevice, { device: deviceId(identifier) }, [owner]);
  }

  open(
    changes: Partial<ArgsOf<typeof openAccount>> = {},
    by: readonly string[] = ['acme', 'bankA', 'truck'],
  ): Outcome {
    const args = {
      ...{ device: truck, money: euros(), ownedSince: START_MS - DAY_MS },
      ...{ ownershipProof: hash('label', asciiBytes('bill of sale')), capabilities: able, ...changes },
    };
    return this.world.run(openAccount, args, by);
  }

  transfer(
    to: PartyName = 'zenith',
    by: readonly string[] = ['acme', to, 'monitor'],
    identifier = 'truck',
  ): Outcome {
    const args = { device: deviceId(identifier), to: idOf(to), monitor: idOf('monitor') };
    return this.world.run(transferThing, args, by);
  }

  give(
    changes: Partial<MandateLimits> = {},
    terms: Partial<Omit<ArgsOf<typeof giveMandate>, 'limits'>> = {},
    by: readonly string[] = ['acme'],
  ): Outcome {
    const args = {
      thing: truck,
      limits: { ...limits, ...changes },
      second: phone,
      windowMs: DAY_MS,
      warnBp: 8_000,
      ...terms,
    };
    const outcome = this.world.run(giveMandate, args, by);
    if (outcome.refusal === undefined) this.mandate = outcome.id;
    return outcome;
  }

  narrow(changes: Partial<MandateLimits> = {}, by: readonly string[] = ['acme']): Outcome {
    const args = { mandate: this.mandate, limits: { ...limits, ...changes } };
    return this.world.run(narrowMandate, args, by);
  }

  revoke(by: readonly string[] = ['acme']): Outcome {
    return this.world.run(revokeMandate, { mandate: this.mandate }, by);
  }

  expire(): Outcome {
    return this.world.run(expire, { kind: 'mandate' as const, subject: this.mandate }, []);
  }

  event(changes: Partial<ReadingOptions> = {}): Uint8Array {
    return this.world.reading({ device: 'truck', values: { pulses: '1' }, signedBy: 'truck', ...changes });
  }

  pay({ reading, ...changes }: Payment = {}, by: readonly string[] = ['truck']): Outcome {
    const args = {
      mandate: this.mandate,
      means: truckEuros,
      payee: idOf('carrier'),
      payeeThing: undefined,
      content: 'toll',
      amount: 2_000,
      event: changes.event ?? this.event(reading),
      ...changes,
    };
    const outcome = this.world.run(payByThing, args, by);
    if (outcome.refusal === undefined) this.payment = outcome.id;
    return outcome;
  }

  acknowledge(payment: Uint8Array, by: readonly string[] = ['carrier']): Outcome {
    return this.world.run(acknowledgePayment, { payment }, by);
  }

  suspend(by: PartyName = 'acme', signed: readonly string[] = [by]): Outcome {
    const args = { mandate: this.mandate, by: idOf(by), reason: 'stolen' };
    return this.world.run(suspendMandate, args, signed);
  }

  warn(): Outcome {
    return this.world.run(suspendOnWarning, { mandate: this.mandate }, []);
  }

  resume(by: readonly string[] = ['acme']): Outcome {
    return this.world.run(resumeMandate, { mandate: this.mandate }, by);
  }

  state(): string {
    return this.world.read(mandate, this.mandate).state;
  }
}

export const thingStages = ['enrolled', 'opened', 'given'] as const;
export type ThingStage = (typeof thingStages)[number];

const reached = new Map<string, ThingStory>();

/** A fresh copy of the plain story at `stage`: 1,000.00 on acme's account, Monday noon. */
export function thingAt(stage: ThingStage): ThingStory {
  let story = reached.get(stage);
  if (story === undefined) {
    story = new ThingStory(World.enrolled());
    story.world.time = MONDAY_NOON_MS;
    const steps = [
      () => [story!.enrol('phone'), story!.fund('acme', 100_000)],
      () => [story!.open()],
      () => [story!.give()],
    ];
    for (const outcome of steps.slice(0, thingStages.indexOf(stage) + 1).flatMap((step) => step())) {
      if (outcome.refusal !== undefined) throw new Error(JSON.stringify(outcome.refusal));
    }
    reached.set(stage, story);
  }
  return story.fork();
}
