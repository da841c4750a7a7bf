/** Row 0, the seed of a draw by stake: committed to in one epoch, revealed in the next. docs/spec/committee.md. */

import { equalBytes } from '../../codec/bytes.ts';
import { fixed, hash32 } from '../../codec/schema.ts';
import { roles } from '../registry.ts';
import { putStake, stakeOf } from '../rules/stake.ts';
import { seedCommitment } from '../seats/stake-draw.ts';
import { type Context, type ContractRefusal, refused, transition } from '../transition.ts';

export const commitSeed = transition({
  name: 'commit-seed',
  row: 0,
  summary: 'Commits to a secret that has a part in the draw at the end of the next epoch.',
  args: { v0: { party: hash32, commitment: hash32 } },
  signedBy: [{ who: 'the party', role: roles, party: ({ party }) => party }],
  preconditions: {
    E_POLICY: 'seats are drawn by stake',
    E_STATE: 'the party has a bond and has not committed in this epoch',
  },
  effects: 'the commitment stands',
  visibility: 'V0',
  apply: ({ party, commitment }, context) => {
    const refusal = checkDrawn(context);
    if (refusal !== undefined) return refusal;
    const held = stakeOf(context, party);
    const { epoch } = context.seating;
    if (held.bonded === 0) return refused('E_STATE', { reason: 'the party has no bond' }, party);
    if (held.seeds.some((entry) => entry.epoch === epoch))
      return refused('E_STATE', { reason: 'committed in this epoch already', epoch }, party);
    const kept = held.seeds.filter((entry) => entry.epoch === epoch - 1);
    putStake(context, party, { ...held, seeds: [...kept, { epoch, commitment, secret: undefined }] });
    return undefined;
  },
});

export const revealSeed = transition({
  name: 'reveal-seed',
  row: 0,
  summary: 'Reveals the secret committed to in the epoch before.',
  args: { v0: { party: hash32, secret: fixed(32) } },
  signedBy: [{ who: 'the party', role: roles, party: ({ party }) => party }],
  preconditions: {
    E_EVIDENCE: 'the secret is the one committed to',
    E_POLICY: 'seats are drawn by stake',
    E_STATE: 'it was committed to and not revealed',
  },
  effects: 'the secret counts in the draw',
  visibility: 'V0',
  apply: ({ party, secret }, context) => {
    const refusal = checkDrawn(context);
    if (refusal !== undefined) return refusal;
    const held = stakeOf(context, party);
    const epoch = context.seating.epoch - 1;
    const committed = held.seeds.find((entry) => entry.epoch === epoch);
    if (committed === undefined || committed.secret !== undefined)
      return refused(
        'E_STATE',
        { reason: committed ? 'revealed already' : 'nothing committed', epoch },
        party,
      );
    if (!equalBytes(seedCommitment(party, secret), committed.commitment))
      return refused('E_EVIDENCE', { reason: 'not the secret committed to', epoch }, party);
    const seeds = held.seeds.map((entry) => (entry === committed ? { ...entry, secret } : entry));
    putStake(context, party, { ...held, seeds });
    return undefined;
  },
});

function checkDrawn({ seatRules }: Context): ContractRefusal | undefined {
  const { policy } = seatRules;
  return policy === 'stake' ? undefined : refused('E_POLICY', { reason: `seats come by ${policy}` });
}
