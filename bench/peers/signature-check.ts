/** That nodes of the peer which are said to verify signatures do so, before the load and after it. */

import { nativeSigner } from '../../node/crypto/native.ts';
import { laneKeyNumber } from '../cluster/home.ts';
import { authorSecret } from '../workload/network.ts';
import { forgeRecord, makeRecord } from './record.ts';
import type { Rpc } from './rpc.ts';

/** The code for a record that is not signed by its author, as the application gives it. */
const UNAUTHORISED = 3;

/** Throws when a node does not refuse a forged record for what it is: what it takes, others may not, and all stand still. */
export async function demandRefusal(rpcs: readonly Rpc[]): Promise<void> {
  // Of a lane that is none, so that it is a stranger in a block.
  const author = nativeSigner(authorSecret(laneKeyNumber(0) + 1));
  const tx = forgeRecord(makeRecord(rpcs.length, 0, author)).toString('base64');
  const answers = await Promise.all(
    rpcs.map((rpc) => rpc.ask<{ code: number; log: string }>('broadcast_tx_sync', { tx })),
  );
  const faults = answers.flatMap(({ code, log }, node) =>
    code === UNAUTHORISED ? [] : [`node${node} answered code ${code} "${log}"`],
  );
  if (faults.length > 0)
    throw new Error(`a forged record expected code ${UNAUTHORISED} of every node, but ${faults.join(', ')}`);
}

/** Faults of nodes that have verified fewer signatures than there are records in blocks. */
export async function countVerified(rpcs: readonly Rpc[], records: number): Promise<string[]> {
  const faults = rpcs.map(async (rpc, node) => {
    const { response } = await rpc.ask<{ response: { data?: string } }>('abci_info');
    const { verified } = JSON.parse(response.data ?? '{}') as { verified?: number };
    return verified !== undefined && verified >= records
      ? []
      : [`node${node} has verified ${verified ?? 'no'} signatures of ${records} records in blocks`];
  });
  return (await Promise.all(faults)).flat();
}
