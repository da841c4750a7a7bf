/** Row 29: a dispute flags the part that it is about; other rights run. A resolver decides. */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { choice, flag, hash32, int, maybe, text, timeMs } from '../../codec/schema.ts';
import { runningAt } from '../clock.ts';
import { disputable, dispute, disputed, disputesMax } from '../objects/dispute.ts';
import { versionOf } from '../objects/version.ts';
import { roles } from '../registry.ts';
import { isControlledBy } from '../rules/affiliation.ts';
import { checkFuture } from '../rules/dates.ts';
import { fileParties } from '../rules/disputes.ts';
import { includesId } from '../rules/lists.ts';
import { isRefusal, lookUp, refused, transition, wrongState } from '../transition.ts';

export const raiseDispute = transition({
  name: 'raise-dispute',
  row: 29,
  summary: 'Disputes part of a file: nothing is drawn on it until a resolver has decided.',
  args: {
    v0: { subject: hash32 },
    v1: {
      type: choice(...disputable),
      by: hash32,
      quantity: maybe(int(1)),
      ground: text(160, 1),
      deadline: timeMs,
    },
  },
  signedBy: [{ who: 'any party of the file', role: roles, party: ({ by }) => by }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_POLICY: 'not more than 8 disputes are open about it',
    E_SCHEMA: 'the deadline lies ahead',
    E_STANDING: 'the party has a part in the file',
  },
  effects: 'the part is flagged DISPUTED',
  visibility: 'V1',
  apply: (args, context) => {
    const parties = fileParties(args.type, args.subject, context);
    if (parties === undefined)
      return refused('E_NOT_FOUND', { type: args.type, id: toHex(args.subject) }, args.subject);
    if (!includesId(parties, args.by))
      return refused('E_STANDING', { reason: 'no party of the file' }, args.subject);
    const over = checkFuture('deadline', args.deadline, context);
    if (over !== undefined) return over;
    const open = context.get(disputed, args.subject)?.disputes ?? [];
    if (open.length >= disputesMax)
      return refused('E_POLICY', { reason: 'too many disputes', most: disputesMax }, args.subject);
    context.put(dispute, context.callId, {
      state: 'OPEN',
      ...args,
      deadline: runningAt(args.deadline, context),
      resolver: undefined,
      decision: '',
      ...versionOf(context),
    });
    context.put(disputed, args.subject, { disputes: [...open, context.callId], ...versionOf(context) });
    return undefined;
  },
});

export const decideDispute = transition({
  name: 'decide-dispute',
  row: 29,
  summary: 'Decides a dispute, and takes its flag away.',
  args: {
    v0: { dispute: hash32 },
    v1: { resolver: hash32, upheld: flag, decision: text(160, 1) },
  },
  signedBy: [{ who: 'a resolver', role: 'resolver', party: ({ resolver }) => resolver }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_STANDING: 'no party of the file controls the resolver',
    E_STATE: 'the dispute is open',
  },
  effects: 'UPHELD or DISMISSED; the flag goes',
  evidence: 'the decision',
  visibility: 'V1',
  apply: ({ dispute: id, resolver, upheld, decision }, context) => {
    const open = lookUp(context, dispute, id);
    if (isRefusal(open)) return open;
    if (open.state !== 'OPEN') return wrongState(open.state, ['OPEN'], id);
    const parties = fileParties(open.type, open.subject, context) ?? [];
    const master = parties.find((party) => isControlledBy(resolver, party, context));
    if (master !== undefined) return refused('E_STANDING', { reason: 'the resolver is of the file' }, master);
    const state = upheld ? 'UPHELD' : 'DISMISSED';
    context.put(dispute, id, { ...open, state, resolver, decision, ...versionOf(context) });
    const left = (context.get(disputed, open.subject)?.disputes ?? []).filter(
      (entry) => !equalBytes(entry, id),
    );
    if (left.length === 0) context.remove(disputed, open.subject);
    else context.put(disputed, open.subject, { disputes: left, ...versionOf(context) });
    return undefined;
  },
});
