/** The actors under the names of the command line. A new one is a new file beside this, and a line here. */

import type { ActorKind } from './actor.ts';
import { censor } from './censor.ts';
import { doublePledge } from './double-pledge.ts';
import { equivocate } from './equivocate.ts';
import { forge } from './forge.ts';
import { fork } from './fork.ts';
import { garbage } from './garbage.ts';
import { hidePrepared } from './hide-prepared.ts';
import { lazyTip } from './lazy-tip.ts';
import { parasite } from './parasite.ts';
import { selective } from './selective.ts';
import { selfServing } from './self-serving.ts';
import { silent } from './silent.ts';
import { slow } from './slow.ts';
import { staleBackup } from './stale-backup.ts';
import { sybil } from './sybil.ts';
import { timeLiar } from './time-liar.ts';
import { tipSpam } from './tip-spam.ts';
import { withhold } from './withhold.ts';

export const actorKinds: readonly ActorKind[] = [
  equivocate,
  selfServing,
  hidePrepared,
  staleBackup,
  forge,
  silent,
  slow,
  selective,
  censor,
  withhold,
  timeLiar,
  doublePledge,
  fork,
  parasite,
  lazyTip,
  tipSpam,
  garbage,
  sybil,
];

export function actorKind(name: string): ActorKind | undefined {
  return actorKinds.find((kind) => kind.name === name);
}
