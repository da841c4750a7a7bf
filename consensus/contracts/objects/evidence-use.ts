/**
 * Marks a reading that spoke for goods (semantics §2, "Relabelling"): from then on it can speak for no others. Likewise
 * one that triggered a payment by a thing (row 42): `unit` is then the mandate. Its id follows from the device, its
 * session and its counter, so one reading has one mark, whatever batch proved it.
 */

import { hash32, type Infer, int, record, text } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

const frameName = record('frame-name', { device: hash32, session: text(16), counter: int(0) });

export function evidenceUseId(name: Infer<typeof frameName>): Uint8Array {
  return hash('object-key', frameName.encode(name));
}

export const evidenceUse = objectType('evidence-use', { v0: { unit: hash32, ...version } });
