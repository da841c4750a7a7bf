/** What the API stands on: the services of one node, wired in node/node.ts. */

import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import type { Store } from '../ports.ts';
import type { Access } from '../service/access.ts';
import type { Audits } from '../service/audits.ts';
import type { Calls } from '../service/calls.ts';
import type { Covers } from '../service/covers.ts';
import type { Credit } from '../service/credit.ts';
import type { DurableHead } from '../service/durable-head.ts';
import type { EventFeed } from '../service/event-feed.ts';
import type { Histories } from '../service/histories.ts';
import type { Lendables } from '../service/lendables.ts';
import type { Owners } from '../service/owners.ts';
import type { PendingCalls } from '../service/pending.ts';
import type { Readings } from '../service/readings.ts';
import type { ReceiptPaths } from '../service/receipt-paths.ts';
import type { Searches } from '../service/searches.ts';
import type { Status } from '../service/status.ts';
import type { Submissions } from '../service/submissions.ts';
import type { Things } from '../service/things.ts';
import type { Vertices } from '../service/vertices.ts';
import type { Views } from '../service/views.ts';

export interface ApiServices {
  readonly genesis: Genesis;
  readonly store: Store;
  readonly head: DurableHead;
  readonly status: Status;
  readonly access: Access;
  readonly calls: Calls;
  readonly submissions: Submissions;
  readonly pending: PendingCalls;
  readonly views: Views;
  readonly searches: Searches;
  readonly histories: Histories;
  readonly owners: Owners;
  readonly paths: ReceiptPaths;
  readonly audits: Audits;
  readonly covers: Covers;
  readonly lendables: Lendables;
  readonly vertices: Vertices;
  readonly credit: Credit;
  readonly things: Things;
  readonly readings: Readings;
  readonly feed: EventFeed;
}
