/**
 * How a new node joins by a snapshot `[STO-2]`: choose one, install it, fill the window below it, and what a restart needs
 * besides. Every step leaves the store so that a kill costs no more than that step. docs/spec/snapshot.md.
 */

import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { LedgerState } from '../../consensus/contracts/state.ts';
import type { Store, StoredState, StoreWrite } from '../ports.ts';
import { completeJoin } from './complete.ts';
import type { Conversation } from './conversation.ts';
import { chooseSnapshot, fetchState } from './snapshot.ts';
import { fetchWindow } from './window.ts';

/** So long after the first connection a network may have a snapshot to offer. */
const OFFERED_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 250;

export interface JoinPorts {
  readonly conversation: Conversation;
  readonly store: Store;
  readonly genesis: Genesis;
  /** Of the node that joins, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** How far it is, for people. */
  say(progress: { readonly [figure: string]: number }, text: string): void;
}

/** `joined`: the store holds a snapshot that is whole. `replay`: there is nothing to take, and nothing was written. */
export async function join(ports: JoinPorts): Promise<'joined' | 'replay'> {
  const { store, conversation, say } = ports;
  const stage = await store.stage();
  invariant(stage !== 'whole', 'only a node without a ledger joins by a snapshot');
  const installed = stage === 'empty' ? await install(ports) : await store.load().then(resume);
  if (installed === undefined) return 'replay';
  const { height, state } = installed;
  const firstHeight = await store.firstHeight();
  const { network, record } = ports.genesis;
  const least = Math.max(1, height - record.pace.settledWindow + 1);
  const lowest = await store.checkpoint(firstHeight);
  invariant(lowest !== undefined, `checkpoint ${firstHeight} was installed`);
  const below = { height: firstHeight - 1, id: lowest.header.previous };
  for await (const writes of fetchWindow({ conversation, network, state }, below, least)) {
    await store.write(writes, false);
    say({ height, from: lowestOf(writes), to: least }, 'fetching the window below the snapshot');
  }
  await store.write(await completeJoin({ ...ports, state }, least, height), true);
  return 'joined';
}

interface Installed {
  readonly height: number;
  readonly state: LedgerState;
}

const resume = ({ height, objects }: StoredState): Installed => ({ height, state: LedgerState.of(objects) });

/** Takes the highest snapshot that is offered; `undefined` where none is, or none is worth it. */
async function install({ conversation, store, genesis, say }: JoinPorts): Promise<Installed | undefined> {
  for (;;) {
    if (!(await isWorthIt(conversation, genesis.record.pace.settledWindow))) return undefined;
    const chosen = await chooseSnapshot(conversation, genesis);
    if (chosen === undefined) return undefined;
    const { header, changes } = chosen;
    const { height } = header;
    say({ height }, 'taking the snapshot of this height');
    const objects = await fetchState(conversation, header, (count) =>
      say({ height, objects: count }, 'fetching the state'),
    );
    // It was given up by all who had it: there is a newer one.
    if (objects === undefined) continue;
    const state = LedgerState.of(objects);
    const own = fetchWindow(
      { conversation, network: genesis.network, state },
      { height, id: headerId(header) },
      height,
    );
    for await (const writes of own)
      await store.write([{ type: 'install', objects, changes }, ...writes], true);
    return { height, state };
  }
}

/** Waits for somebody who is far ahead; false once others are there and nobody is. */
async function isWorthIt(conversation: Conversation, window: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < OFFERED_WITHIN_MS; ) {
    if (conversation.claimed > window) return true;
    await conversation.wait(LOOK_EVERY_MS);
    if (conversation.peers.length > 0) waitedMs += LOOK_EVERY_MS;
  }
  return false;
}

function lowestOf(writes: readonly StoreWrite[]): number {
  return Math.min(
    ...writes.map((write) =>
      write.type === 'backfill' ? write.checkpoint.header.height : Number.POSITIVE_INFINITY,
    ),
  );
}
