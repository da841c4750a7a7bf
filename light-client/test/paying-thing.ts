/** A truck of the monitor's that may pay Bank B for tolls, on a real ledger; and what the rules of its gateway say of it. */

import { toHex } from '../../consensus/codec/bytes.ts';
import { accountId, moneyId } from '../../consensus/contracts/objects/money.ts';
import { virtualAccountId } from '../../consensus/contracts/objects/virtual-account.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { giveMandate } from '../../consensus/contracts/transitions/mandate.ts';
import { issueMoney } from '../../consensus/contracts/transitions/money.ts';
import { openAccount } from '../../consensus/contracts/transitions/open-account.ts';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import { type Frame, signFrame } from '../../consensus/vertex/frame.ts';
import type { PaymentEntry } from '../../node/config/gateway-config.ts';
import { type LedgerWorld, MONITOR, signerNamed } from './gateway-world.ts';

export const BANK = 0;
export const PAYEE = 2;
export const STRANGER = 3;
export const FUNDS = 10_000_000;

export class PayingThing {
  readonly name: string;
  readonly #world: LedgerWorld;
  readonly #money: Uint8Array;
  readonly #mandate: Uint8Array;

  private constructor(name: string, world: LedgerWorld, money: Uint8Array, mandate: Uint8Array) {
    this.name = name;
    this.#world = world;
    this.#money = money;
    this.#mandate = mandate;
  }

  /** Enrolled, with an account in a currency of its own, so that it alone moves the balances. */
  static async make(world: LedgerWorld, name: string, currency: string): Promise<PayingThing> {
    const signer = signerNamed(name);
    const [owner, bank, payee] = [world.party(MONITOR), world.party(BANK), world.party(PAYEE)];
    await world.enrolDevice(name, signer.publicKey, ['counter']);
    const issued = { issuer: bank, to: owner, currency, amount: FUNDS, reference: 'TX-1' };
    await world.call(issueMoney, issued, [world.signer(BANK)]);
    const thing = labelKey(world.genesis.network, 'device', name);
    const money = moneyId(bank, currency);
    const able = { sensing: true, expression: true, processing: true, storage: true, identity: true };
    await world.call(
      openAccount,
      {
        ...{ device: thing, money, ownedSince: 1_750_000_000_000, capabilities: able },
        ownershipProof: new Uint8Array(32).fill(7),
      },
      [world.signer(MONITOR), world.signer(BANK), signer],
    );
    const mandate = await world.call(
      giveMandate,
      {
        ...{ thing, second: undefined, windowMs: 1_000, warnBp: undefined },
        limits: {
          ...{ payees: [payee], contents: ['toll'], from: Date.now() - 3_600_000 },
          ...{ until: Date.now() + 86_400_000, fromMinute: 0, untilMinute: 1_440 },
          ...{ means: [virtualAccountId(thing, money)], amountMax: 1_000_000 },
          ...{ windowAmount: 5_000_000, windowCount: 64, threshold: 1_000_000 },
          ...{ families: undefined, collateral: undefined },
        },
      },
      [world.signer(MONITOR)],
    );
    return new PayingThing(name, world, money, mandate);
  }

  rule(keyFile: string, changes: Partial<PaymentEntry> = {}): PaymentEntry {
    const thing = labelKey(this.#world.genesis.network, 'device', this.name);
    return {
      ...{ rule: 'toll', device: this.name, keyFile, quantity: 'pulses', over: '0' },
      ...{ mandate: toHex(this.#mandate), means: toHex(virtualAccountId(thing, this.#money)) },
      ...{ payee: `lei:${this.#world.lei(PAYEE)}`, content: 'toll', price: { type: 'each', amount: 2_300 } },
      ...changes,
    };
  }

  frame(counter: number, pulses: number): Frame {
    const readings = [{ quantity: 'pulses' as const, value: decimalOf(pulses)! }];
    const body = { device: this.name, session: '', counter, time: Date.now() - 60_000 + counter, readings };
    return signFrame(body, this.#world.genesis.network, signerNamed(this.name));
  }

  /** What a party has of the thing's money, in minor units. */
  async balanceOf(party: number): Promise<number> {
    const id = accountId(this.#money, this.#world.party(party));
    return (
      ((await this.#world.object(BANK, 'account', id)) as { balance?: number } | undefined)?.balance ?? 0
    );
  }
}
