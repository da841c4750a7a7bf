/**
 * A frame: what one device said at one counter value. The unit that is counted, de-duplicated, signed by the sensor
 * and proved one at a time.
 */

import { limits } from '../codec/limits.ts';
import { bytes, choice, type Infer, int, list, record, text, timeMs } from '../codec/schema.ts';
import { type Signer, signDigest, verifyDigest } from '../crypto/ed25519.ts';
import { decimal, isLowestTerms } from './decimal.ts';
import { type QuantityName, quantityDefect, quantityNames } from './quantities.ts';

export const reading = record('reading', {
  quantity: choice(...(quantityNames as readonly [QuantityName, ...QuantityName[]])),
  value: decimal,
});
export type Reading = Infer<typeof reading>;

const frameBody = {
  /** Device identifier: GIAI, EUI or URN, as enrolled. */
  device: text(64, 1),
  /** Radio session in which the counter counts (LoRaWAN device address); empty where the counter never restarts. */
  session: text(16),
  counter: int(0),
  /** The sensor's own time, ms: a claim. */
  time: timeMs,
  /** None is a sign of life: the device was heard and measured nothing. */
  readings: list(reading, limits.readingsPerFrameMax),
};
const unsignedFrame = record('frame-body', frameBody);

export const frame = record('frame', {
  ...frameBody,
  /** The sensor's signature (64 bytes), or empty for a device that cannot sign and is vouched for by its gateway. */
  signature: bytes(64),
});
export type Frame = Infer<typeof frame>;
export type UnsignedFrame = Infer<typeof unsignedFrame>;

export function signFrame(body: UnsignedFrame, network: Uint8Array, signer: Signer): Frame {
  return { ...body, signature: signDigest(signer, 'frame-signature', network, unsignedFrame.encode(body)) };
}

export function verifyFrame(signed: Frame, network: Uint8Array, publicKey: Uint8Array): boolean {
  const { signature, ...body } = signed;
  return verifyDigest(signature, 'frame-signature', network, unsignedFrame.encode(body), publicKey);
}

/** Order of frames in a batch: by device, session, counter. Texts are ASCII, so `<` is byte order. */
export function compareFrames(a: Frame, b: Frame): number {
  if (a.device !== b.device) return a.device < b.device ? -1 : 1;
  if (a.session !== b.session) return a.session < b.session ? -1 : 1;
  return a.counter - b.counter;
}

/** Why a frame cannot be true as it stands, or `undefined`. */
export function frameDefect(value: Frame): string | undefined {
  if (value.signature.length !== 0 && value.signature.length !== 64)
    return `signature of ${value.signature.length} bytes`;
  for (const { quantity, value: amount } of value.readings) {
    if (!isLowestTerms(amount)) return `${quantity}: decimal not in lowest terms`;
    const reason = quantityDefect(quantity, amount);
    if (reason !== undefined) return `${quantity}: ${reason}`;
  }
  return undefined;
}
