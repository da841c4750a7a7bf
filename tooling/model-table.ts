/** Every run of `npm run model`: models that must hold, faults that must be caught, states that must be reachable. */

import type { Expectation } from './model-verdict.ts';

export interface ModelRun {
  /** File in docs/model/, without its ending. */
  readonly model: string;
  readonly expected: Expectation;
  /** Macros; the first names a planted fault. */
  readonly define: readonly string[];
  /** Looks for endless runs instead of violated assertions. */
  readonly cycles?: boolean;
  /** Keeps 4 bytes of hash of each state instead of the state: could miss one, very unlikely. Said in the output. */
  readonly hashed?: boolean;
  /** Only with `--large`. */
  readonly large?: boolean;
}

const run = (
  model: string,
  expected: Expectation,
  macros: string,
  more: Partial<ModelRun> = {},
): ModelRun => ({ model, expected, define: macros.split(' ').filter((macro) => macro !== ''), ...more });

export const MODEL_RUNS: readonly ModelRun[] = [
  run('pbft', 'holds', 'N=4 VIEWS=3'),
  run('pbft', 'holds', 'N=5 VIEWS=2'),
  run('pbft', 'holds', 'N=6 VIEWS=2'),
  run('pbft', 'holds', 'N=7 VIEWS=2'),
  run('pbft', 'holds', 'N=4 VIEWS=2 TORN BACKUPS'),
  run('pbft', 'holds', 'N=5 VIEWS=2 BACKUPS'),
  run('pbft', 'holds', 'N=5 VIEWS=3', { large: true }),
  run('pbft', 'holds', 'N=6 VIEWS=3', { large: true, hashed: true }),
  run('pbft', 'caught', 'QUORUM_2F1 N=6 VIEWS=2'),
  run('pbft', 'caught', 'OLD_VIEWS_OPEN VIEWS=2'),
  run('pbft', 'caught', 'PHASELESS VIEWS=2'),
  run('pbft', 'caught', 'LOCK_FORGOTTEN VIEWS=2'),
  run('pbft', 'caught', 'VOTE_BEFORE_WRITE VIEWS=2 TORN'),
  run('pbft', 'caught', 'RESTORED_VOTES VIEWS=2 BACKUPS'),
  run('pbft', 'reached', 'REACH=1'),
  run('pbft', 'reached', 'REACH=2'),
  run('pbft', 'reached', 'REACH=3'),

  run('restore', 'holds', 'N=4 TOP=3'),
  run('restore', 'holds', 'N=4 TOP=3 SILENT_MAX=2'),
  run('restore', 'holds', 'N=6 TOP=3 RESTORABLE=1', { large: true }),
  run('restore', 'holds', 'N=4 TOP=4', { large: true }),
  run('restore', 'holds', 'N=5 TOP=3', { large: true }),
  run('restore', 'caught', 'VOTES_AT_ONCE TOP=3'),
  run('restore', 'caught', 'HEARS_TOO_FEW TOP=3'),
  run('restore', 'caught', 'ABOVE_GREATEST TOP=4'),
  run('restore', 'caught', 'SILENT_HEARD SILENT_MAX=2 TOP=3'),
  run('restore', 'reached', 'REACH TOP=4'),

  run('order', 'holds', 'TOP=4'),
  run('order', 'caught', 'BY_LAST_SEQUENCE TOP=5'),
  run('order', 'caught', 'FORGETS_EARLY'),
  run('order', 'caught', 'DEAD_DROPPED'),
  run('order', 'reached', 'REACH=1'),
  run('order', 'reached', 'REACH=2'),

  run('admission', 'holds', ''),
  run('admission', 'holds', 'NODES=3 TOP=3', { large: true, hashed: true }),
  run('admission', 'caught', 'BY_CURRENT_STATE'),
  run('admission', 'caught', 'RECORD_DELETED'),
  run('admission', 'caught', 'ENROLLED_AGAIN'),
  run('admission', 'caught', 'EFFECT_AS_CITED'),
  run('admission', 'reached', 'REACH=1'),
  run('admission', 'reached', 'REACH=2'),

  run('epoch', 'holds', ''),
  run('epoch', 'holds', 'NO_EARLY_END GAP_UNPUNISHED'),
  run('epoch', 'caught', 'HEIGHTS_UNCHECKED'),
  run('epoch', 'caught', 'AGE_UNCHECKED'),
  run('epoch', 'caught', 'ANY_KNOWN_COMMITTEE'),
  run('epoch', 'caught', 'GAP_UNPUNISHED'),
  run('epoch', 'reached', 'REACH'),

  run('timing', 'holds', '', { cycles: true }),
  run('timing', 'caught', 'PREPARED_JUDGED', { cycles: true }),
  run('timing', 'caught', 'WINDOW_FIXED', { cycles: true }),
  run('timing', 'caught', 'TIMEOUT_FIXED', { cycles: true }),
  run('timing', 'caught', 'SKEW=3', { cycles: true }),
  run('timing', 'reached', 'REACH'),
];
