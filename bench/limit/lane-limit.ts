/** The limit on vertices such as lanes send, but for their batches, which stay with the lane's own node. */

import { rm } from 'node:fs/promises';
import { nativeSigner } from '../../node/crypto/native.ts';
import { authorSecret, benchGenesis } from '../workload/network.ts';
import { Presigner } from '../workload/presign.ts';
import { type Limit, measureLimit } from './limit.ts';

const AUTHORS = 256;
/** Of fewer the loop's own warm-up would be a good part, and the limit would flatter whoever is held against it. */
const VERTICES = 20_000;

/** `directory` is made, and removed again. */
export async function measureLaneLimit(directory: string): Promise<Limit> {
  const authors = Array.from({ length: AUTHORS }, (_, i) => nativeSigner(authorSecret(i)));
  const startMs = Date.now();
  // The bare loop does not ask who is enrolled.
  const { network, headerId: checkpoint } = benchGenesis([authors[0]!.publicKey], [], startMs);
  const presigner = new Presigner({ network, checkpoint, authors, startMs, seed: 1 });
  const envelopes = presigner.many(VERTICES).map(({ envelope }) => envelope);
  const limit = await measureLimit(envelopes, network, directory);
  await rm(directory, { recursive: true });
  return limit;
}
