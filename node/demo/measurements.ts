/** What the monitor's people do with the gateway: pick readings, and take their proofs to the ledger. */

import { readingProof } from '../../consensus/checkpoint/evidence.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { bundleSchema } from '../../light-client/proof/bundle.ts';
import type { ApiClient } from './api-client.ts';

/** A frame as the gateway lists it once its batch is final; values as decimal text. */
export interface ListedFrame {
  readonly vertex: string;
  readonly index: number;
  readonly time: number;
  readonly height: number;
  readonly values: { readonly [quantity: string]: number };
}

export interface Shown {
  /** Encoded reading proofs, hex, as calls carry them. */
  readonly proofs: readonly string[];
  readonly bundle: Uint8Array;
  /** Time of the newest checkpoint that makes them final, ms. */
  readonly finalTime: number;
}

export interface Breach {
  readonly trigger: 'temperature';
  readonly text: string;
  readonly proof: string;
  readonly bundle: Uint8Array;
}

export interface Expected {
  readonly weigher: string;
  readonly counter: string;
  readonly climate: string;
  readonly kilograms: number;
  readonly packages: number;
  readonly celsiusMost: number;
}

const LOOK_EVERY_MS = 100;
const FOUND_WITHIN_MS = 240_000;
const LOOK_BACK = 50;

export class Measurements {
  readonly #gateway: ApiClient;
  readonly #expected: Expected;

  constructor(gateway: ApiClient, expected: Expected) {
    this.#gateway = gateway;
    this.#expected = expected;
  }

  /** A weighing and a count after this moment, of goods at rest: while a forklift stands on the platform nobody weighs. */
  async weighAndCount(): Promise<Shown> {
    const { weigher, counter, kilograms, packages } = this.#expected;
    const atRest = ({ values }: ListedFrame) =>
      Math.abs((values['weight'] ?? 0) - kilograms) < kilograms / 1_000;
    const weighing = await this.#find(weigher, atRest, 'a weighing of the goods at rest');
    const count = await this.#find(counter, ({ values }) => values['count'] === packages, 'a full count');
    const shown = await Promise.all([weighing, count].map((frame) => this.#show(frame)));
    return {
      proofs: shown.map((entry) => entry.proof),
      bundle: shown[0]!.bundle,
      finalTime: Math.max(...shown.map((entry) => entry.finalTime)),
    };
  }

  /** The first reading in which the goods are warmer than they bear. */
  async breach(): Promise<Breach> {
    const { climate, celsiusMost } = this.#expected;
    const frame = await this.#find(
      climate,
      ({ values }) => (values['temperature'] ?? 0) > celsiusMost,
      'the breach',
    );
    const { proof, bundle } = await this.#show(frame);
    return {
      trigger: 'temperature',
      text: `temperature ${frame.values['temperature']} °C, allowed up to ${celsiusMost} °C`,
      proof,
      bundle,
    };
  }

  async #find(device: string, fits: (frame: ListedFrame) => boolean, what: string): Promise<ListedFrame> {
    const until = Date.now() + FOUND_WITHIN_MS;
    for (;;) {
      const { readings } = await this.#gateway.get<{ readings: readonly ListedFrame[] }>(
        `/v1/readings?device=${encodeURIComponent(device)}&limit=${LOOK_BACK}&final=true`,
      );
      const newestFirst = [...readings].sort((a, b) => b.time - a.time);
      const found = newestFirst.find(fits);
      if (found !== undefined) return found;
      if (Date.now() > until)
        throw new Error(`${what} (device ${device}) did not come within ${FOUND_WITHIN_MS / 1_000} s`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async #show({
    vertex,
    index,
  }: ListedFrame): Promise<{ proof: string; bundle: Uint8Array; finalTime: number }> {
    const bytes = await this.#gateway.bytes(`/v1/readings/${vertex}/${index}/bundle`);
    const decoded = bundleSchema.decode(bytes);
    invariant(decoded.ok && decoded.value.statement.type === 'reading', 'the gateway serves reading bundles');
    const { proof } = decoded.value.statement;
    return { proof: toHex(readingProof.encode(proof)), bundle: bytes, finalTime: proof.vertex.header.time };
  }
}
