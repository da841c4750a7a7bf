/** Batches of readings as gateways make them: frames of up to four readings, each signed by its sensor. */

import { uint32Bytes } from '../../consensus/codec/bytes.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { batch, batchHash, makeBatch } from '../../consensus/vertex/batch.ts';
import { type Reading, signFrame } from '../../consensus/vertex/frame.ts';
import { nativeSigner } from '../../node/crypto/native.ts';

const READINGS_PER_FRAME = 4;
const SENSORS = 16;

export interface Payload {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

/** So many different batches of `readings` readings each. Vertices may share them: every node checks each copy anew. */
export function makePayloads(
  count: number,
  readings: number,
  network: Uint8Array,
  timeMs: number,
): Payload[] {
  const sensors = Array.from({ length: SENSORS }, (_, i) =>
    nativeSigner(hash('salt', uint32Bytes(0x5e), uint32Bytes(i))),
  );
  let counter = 0;
  return Array.from({ length: count }, (_, number) => {
    const frames = [];
    for (let left = readings; left > 0; left -= READINGS_PER_FRAME) {
      const sensor = counter % SENSORS;
      const body = {
        ...{ device: `urn:dev:bench:${sensor}`, session: '', counter, time: timeMs + counter },
        readings: readingsOf(counter).slice(0, Math.min(left, READINGS_PER_FRAME)),
      };
      frames.push(signFrame(body, network, sensors[sensor]!));
      counter += 1;
    }
    const made = makeBatch(frames, hash('salt', uint32Bytes(0xba), uint32Bytes(number)));
    return { hash: batchHash(made), bytes: batch.encode(made) };
  });
}

function readingsOf(counter: number): Reading[] {
  const odd = 2 * (counter % 50) + 1;
  return [
    { quantity: 'temperature', value: { mantissa: 200 + odd, exponent: -1 } },
    { quantity: 'humidity', value: { mantissa: 400 + odd, exponent: -1 } },
    { quantity: 'weight', value: { mantissa: 12_000 + odd, exponent: -2 } },
    { quantity: 'count', value: { mantissa: odd, exponent: 0 } },
  ];
}
