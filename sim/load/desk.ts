/**
 * The parties of the contract calls and their desk: two banks, an enterprise, a monitor with a gateway and a scale, a
 * warehouse with a camera. They run no nodes; whatever they sign is submitted at somebody's.
 */

import { asciiBytes, compareBytes, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { labelKey, type Role } from '../../consensus/contracts/registry.ts';
import type { Transition } from '../../consensus/contracts/transition.ts';
import { enrolDevice, enrolKey } from '../../consensus/contracts/transitions/enrol.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { composeCall, type SignedCall, signCall } from '../../consensus/vertex/call.ts';
import { makeLei } from '../../node/story/lei.ts';
import { drawSigner, type Party } from '../cast.ts';

const roles = {
  enterprise: 'enterprise',
  firstBank: 'bank',
  secondBank: 'bank',
  monitor: 'monitor',
  warehouse: 'warehouse',
} as const satisfies { readonly [name: string]: Role };
export type PartyName = keyof typeof roles;
const names = Object.keys(roles) as PartyName[];

/** Numbers of signers and LEIs beyond those of any node. */
const FIRST_NUMBER = 9_000;
const DAY_MS = 86_400_000;
const CALL_LIFE_MS = DAY_MS;

export const SCALE = 'urn:dev:os:32473-scale';
export const CAMERA = 'urn:dev:os:32473-camera';

export type ArgsOf<T> = T extends Transition<infer A> ? A : never;

export class Desk {
  /** As they stand in the genesis. */
  readonly parties: readonly Party[];
  readonly gateway: Signer;
  readonly scale: Signer;
  readonly #signers: { readonly [N in PartyName]: Signer };
  readonly #seed: number;
  #network: Uint8Array = zero32;
  #calls = 0;

  constructor(seed: number) {
    this.#seed = seed;
    const signers = names.map((name, i) => [name, drawSigner(seed, FIRST_NUMBER + i)] as const);
    this.#signers = Object.fromEntries(signers) as { readonly [N in PartyName]: Signer };
    this.gateway = drawSigner(seed, FIRST_NUMBER + 100);
    this.scale = drawSigner(seed, FIRST_NUMBER + 101);
    this.parties = names.map((name, i) => ({
      lei: makeLei(FIRST_NUMBER + i),
      name,
      address: '',
      roles: [roles[name]],
      keys: [this.#signers[name].publicKey],
    }));
  }

  /** The network's id follows from the genesis, which holds the parties. */
  open(network: Uint8Array): void {
    this.#network = network;
  }

  get network(): Uint8Array {
    return this.#network;
  }

  lei(name: PartyName): string {
    return makeLei(FIRST_NUMBER + names.indexOf(name));
  }

  id(name: PartyName): Uint8Array {
    return labelKey(this.#network, 'lei', this.lei(name));
  }

  /** Thirty-two bytes that nothing else in this run has. */
  salt(): Uint8Array {
    return hash('salt', uint32Bytes(this.#seed), asciiBytes('desk'), uint32Bytes(++this.#calls));
  }

  compose<A>(
    declared: Transition<A>,
    args: A,
    by: readonly PartyName[],
    nowMs: number,
    more: readonly Signer[] = [],
  ): SignedCall {
    const unsigned = composeCall({
      network: this.#network,
      transition: declared.name,
      values: declared.args.encodeParts(args),
      salts: [this.salt(), this.salt()],
      nonce: this.salt().slice(0, 16),
      deadline: nowMs + CALL_LIFE_MS,
    });
    const signatures = [...by.map((name) => this.#signers[name]), ...more].map((signer) =>
      signCall(unsigned, signer),
    );
    return { ...unsigned, signatures: signatures.sort((a, b) => compareBytes(a.key, b.key)) };
  }

  /** Enrols the gateway and the two sensors, before anything can be proved by readings. */
  enrol(nowMs: number): SignedCall[] {
    const monitor = this.id('monitor');
    const sensor = (owner: PartyName, identifier: string, key: Uint8Array, functions: 'weigher' | 'camera') =>
      this.compose(
        enrolDevice,
        {
          ...{ owner: this.id(owner), monitor, key, replaces: false, validUntil: undefined },
          ...{ identifier, functions: [functions] },
        },
        owner === 'monitor' ? ['monitor'] : ['monitor', owner],
        nowMs,
      );
    return [
      this.compose(
        enrolKey,
        { party: monitor, key: this.gateway.publicKey, kind: 'gateway', monitor, replaces: undefined },
        ['monitor'],
        nowMs,
        [this.gateway],
      ),
      sensor('monitor', SCALE, this.scale.publicKey, 'weigher'),
      sensor('warehouse', CAMERA, new Uint8Array(0), 'camera'),
    ];
  }
}

/** Completes digits by the GS1 check digit. */
export function withCheckDigit(digits: string): string {
  let sum = 0;
  for (let i = 0; i < digits.length; i++)
    sum += Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 3 : 1);
  return digits + String((10 - (sum % 10)) % 10);
}
