/** Puts a node's services together over its runner, its store and its key. */

import type { Signer } from '../../consensus/crypto/ed25519.ts';
import type { Clock, Network, Random, Store } from '../ports.ts';
import type { Runner } from '../runner.ts';
import { Access } from './access.ts';
import { Audits } from './audits.ts';
import { Calls } from './calls.ts';
import { CoverWatch } from './cover-watch.ts';
import { Covers } from './covers.ts';
import { Credit } from './credit.ts';
import { DurableHead } from './durable-head.ts';
import { EventFeed } from './event-feed.ts';
import { Histories } from './histories.ts';
import { Lendables } from './lendables.ts';
import { OutputWatch } from './output-watch.ts';
import { Owners } from './owners.ts';
import { PendingCalls } from './pending.ts';
import { Prover } from './proofs.ts';
import { Readings } from './readings.ts';
import { ReceiptPaths } from './receipt-paths.ts';
import { Searches } from './searches.ts';
import { Status } from './status.ts';
import { Submissions } from './submissions.ts';
import { Things } from './things.ts';
import { Vertices } from './vertices.ts';
import { Views } from './views.ts';

export interface ServicePorts {
  readonly name: string;
  readonly alone: boolean;
  readonly runner: Runner;
  readonly store: Store;
  readonly signer: Signer;
  readonly network: Pick<Network, 'peers'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly startedMs: number;
}

export function makeServices({
  name,
  alone,
  runner,
  store,
  signer,
  network,
  clock,
  random,
  startedMs,
}: ServicePorts) {
  const { replica } = runner;
  const { ledger } = replica;
  const { publicKey } = signer;
  const head = new DurableHead(ledger);
  const access = new Access(ledger, publicKey);
  const prover = new Prover(ledger, store, head);
  const views = new Views(ledger, access, prover);
  const searches = new Searches({ ledger, access, prover, views });
  const covers = new Covers({ ledger, access, head, clock });
  const lendables = new Lendables({ ledger, access, covers });
  const readings = new Readings({ disclosure: replica.disclosure, store, access, prover, views });
  const calls = new Calls({
    ledger,
    signer,
    random,
    clock,
    proveReading: (vertex, frame) => readings.evidence(vertex, frame),
  });
  const histories = new Histories({ ledger, access, prover, calls, views });
  const owners = new Owners({ ledger, store, access, histories });
  const paths = new ReceiptPaths({ ledger, access });
  const audits = new Audits({ ledger, access, head, histories });
  const submissions = new Submissions(runner, store, publicKey);
  const credit = new Credit({ ledger, store, head, access, views, prover });
  const things = new Things({ ledger, head, access, views });
  const pending = new PendingCalls(runner, access, calls);
  const vertices = new Vertices({ ledger, access, prover, calls, submissions, views });
  const feed = new EventFeed({
    ...{ views, readings, submissions, publicKey, startedMs },
    coverWatch: new CoverWatch({ ledger, access }),
    outputWatch: new OutputWatch({ ledger, access }),
  });
  const status = new Status({ name, alone, publicKey, replica, head, access, clock, network });
  const services = {
    genesis: ledger.genesis,
    store,
    head,
    status,
    access,
    calls,
    submissions,
    pending,
    views,
    searches,
    histories,
    owners,
    paths,
    audits,
    covers,
    lendables,
    vertices,
    credit,
    things,
    readings,
    feed,
  };
  return { services, prover };
}
