/** `loss`: a node comes back with every checkpoint that it called final, and its store holds what was certified. */

import { headerId } from '../../consensus/checkpoint/header.ts';
import type { Store } from '../../node/ports.ts';
import type { CertifiedChain } from './chain.ts';
import { broken, type Finding } from './finding.ts';

/** A node that had called height `stood` final is back at `height`; `restored`: on an old copy of its store. */
export function checkBack(
  name: string,
  stood: number,
  height: number,
  restored: boolean,
): Finding | undefined {
  if (height >= stood || restored) return undefined;
  return broken('loss', `${name} called height ${stood} final and is back at ${height}`);
}

/** The store holds each height up to `final`, and each as it was certified. */
export async function checkStored(
  name: string,
  store: Pick<Store, 'checkpoint'>,
  final: number,
  chain: CertifiedChain,
): Promise<Finding | undefined> {
  for (let height = 1; height <= final; height++) {
    const stored = await store.checkpoint(height);
    if (stored === undefined) return broken('loss', `${name} has lost height ${height}`);
    const other = chain.checkSame(name, 'stores', height, headerId(stored.header));
    if (other !== undefined) return other;
  }
  return undefined;
}
