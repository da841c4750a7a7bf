/** Row 0, stake: transfer, bond, unbond, release, and the vote for a delegate. docs/spec/committee.md. */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { hash32, int, key32 } from '../../codec/schema.ts';
import { epochId, epochObject } from '../objects/epoch.ts';
import { unbondingMax } from '../objects/stake.ts';
import { key, party, roles } from '../registry.ts';
import { putStake, stakeOf } from '../rules/stake.ts';
import { seatDefect } from '../seats/fitness.ts';
import { isRefusal, lookUp, refused, transition } from '../transition.ts';

export const transferStake = transition({
  name: 'transfer-stake',
  row: 0,
  summary: 'Gives free stake to another party.',
  args: { v0: { from: hash32, to: hash32, amount: int(1) } },
  signedBy: [{ who: 'the giver', role: roles, party: ({ from }) => from }],
  preconditions: {
    E_INSUFFICIENT: 'the giver has so much free',
    E_NOT_FOUND: 'what it names exists',
    E_SCHEMA: 'giver and taker differ',
  },
  effects: 'free stake moves',
  visibility: 'V0',
  apply: ({ from, to, amount }, context) => {
    if (equalBytes(from, to)) return refused('E_SCHEMA', { field: 'to', reason: 'the giver itself' });
    const taker = lookUp(context, party, to);
    if (isRefusal(taker)) return taker;
    const giver = stakeOf(context, from);
    if (giver.free < amount) return refused('E_INSUFFICIENT', { free: giver.free, amount });
    const before = stakeOf(context, to);
    putStake(context, from, { ...giver, free: giver.free - amount });
    putStake(context, to, { ...before, free: before.free + amount });
    return undefined;
  },
});

export const bond = transition({
  name: 'bond',
  row: 0,
  summary: 'Puts free stake behind a seat, and says which key takes it.',
  args: { v0: { party: hash32, amount: int(0), key: key32 } },
  signedBy: [{ who: 'the party', role: roles, party: ({ party: owner }) => owner }],
  preconditions: {
    E_CREDENTIAL: 'the key is the party’s',
    E_INSUFFICIENT: 'so much is free',
    E_NOT_FOUND: 'what it names exists',
    E_POLICY: 'the bond reaches the least bond',
    E_STATE: 'the key may take a seat',
  },
  effects: 'stake is bonded',
  visibility: 'V0',
  apply: (args, context) => {
    const enrolled = lookUp(context, key, args.key);
    if (isRefusal(enrolled)) return enrolled;
    if (!equalBytes(enrolled.party, args.party))
      return refused('E_CREDENTIAL', { field: 'key', reason: 'another party’s' }, args.key);
    const defect = seatDefect(context, args.key);
    if (defect !== undefined) return refused('E_STATE', { field: 'key', reason: defect }, args.key);
    const held = stakeOf(context, args.party);
    if (held.free < args.amount) return refused('E_INSUFFICIENT', { free: held.free, amount: args.amount });
    const bonded = held.bonded + args.amount;
    const { bondMin } = context.seatRules;
    if (bonded < bondMin) return refused('E_POLICY', { bonded, bondMin });
    putStake(context, args.party, { ...held, free: held.free - args.amount, bonded, key: args.key });
    return undefined;
  },
});

export const unbond = transition({
  name: 'unbond',
  row: 0,
  summary: 'Takes stake from behind a seat. It is locked, and answers for offences, for a while still.',
  args: { v0: { party: hash32, amount: int(1) } },
  signedBy: [{ who: 'the party', role: roles, party: ({ party: owner }) => owner }],
  preconditions: {
    E_INSUFFICIENT: 'so much is bonded',
    E_POLICY: 'all is taken, or the least bond left',
    E_STATE: 'not too many amounts are unbonding',
  },
  effects: 'stake is unbonding',
  visibility: 'V0',
  apply: (args, context) => {
    const held = stakeOf(context, args.party);
    const bonded = held.bonded - args.amount;
    if (bonded < 0) return refused('E_INSUFFICIENT', { bonded: held.bonded, amount: args.amount });
    const { bondMin } = context.seatRules;
    if (bonded !== 0 && bonded < bondMin)
      return refused('E_POLICY', { bonded, bondMin, reason: 'all of it, or leave at least that' });
    const { epoch } = context.seating;
    const same = held.unbonding.find((entry) => entry.epoch === epoch);
    const others = held.unbonding.filter((entry) => entry !== same);
    if (others.length === unbondingMax)
      return refused('E_STATE', { reason: 'too many amounts are unbonding', most: unbondingMax });
    const unbonding = [...others, { amount: (same?.amount ?? 0) + args.amount, epoch }];
    putStake(context, args.party, { ...held, bonded, unbonding });
    return undefined;
  },
});

export const releaseStake = transition({
  name: 'release-stake',
  row: 0,
  summary: 'Makes stake free again that was unbonded and no longer answers for anything.',
  args: { v0: { party: hash32 } },
  signedBy: [{ who: 'the party', role: roles, party: ({ party: owner }) => owner }],
  preconditions: {
    E_STATE: 'something unbonded no longer answers',
  },
  effects: 'stake is free',
  visibility: 'V0',
  apply: (args, context) => {
    const held = stakeOf(context, args.party);
    // Unbonded in epoch e, it may have stood behind a seat until the end of e+1.
    const isLocked = ({ epoch }: { readonly epoch: number }): boolean => {
      const last = context.get(epochObject, epochId(epoch + 1));
      const ended = last !== undefined && last.endTime > 0;
      return !ended || context.time <= last.endTime + context.seatRules.trustingPeriodMs;
    };
    const unbonding = held.unbonding.filter(isLocked);
    if (unbonding.length === held.unbonding.length)
      return refused('E_STATE', { reason: 'nothing to release', locked: unbonding.length });
    const released = held.unbonding.filter((entry) => !unbonding.includes(entry));
    const free = released.reduce((sum, { amount }) => sum + amount, held.free);
    putStake(context, args.party, { ...held, free, unbonding });
    return undefined;
  },
});

export const electDelegate = transition({
  name: 'elect-delegate',
  row: 0,
  summary: 'Lets a party’s bond vote for a key, its own or another’s.',
  args: { v0: { party: hash32, delegate: key32 } },
  signedBy: [{ who: 'the party', role: roles, party: ({ party: owner }) => owner }],
  preconditions: {
    E_POLICY: 'seats come by delegates',
    E_STATE: 'the party has a bond, the key may take a seat',
  },
  effects: 'the bond votes for the key',
  visibility: 'V0',
  apply: (args, context) => {
    const { policy } = context.seatRules;
    if (policy !== 'delegates') return refused('E_POLICY', { reason: `seats come by ${policy}` });
    const held = stakeOf(context, args.party);
    if (held.bonded === 0) return refused('E_STATE', { reason: 'the party has no bond' }, args.party);
    const defect = seatDefect(context, args.delegate);
    if (defect !== undefined)
      return refused('E_STATE', { delegate: toHex(args.delegate), reason: defect }, args.delegate);
    putStake(context, args.party, { ...held, delegate: args.delegate });
    return undefined;
  },
});
