/** Notices (row 26): given, tried again on another channel, acknowledged. */

import { choice, hash32 } from '../../codec/schema.ts';
import { attemptsMax, channels, notice, noticeKinds } from '../objects/notice.ts';
import { versionOf } from '../objects/version.ts';
import { party, roles } from '../registry.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

export const giveNotice = transition({
  name: 'give-notice',
  row: 26,
  summary: 'Gives notice to a party, with the first attempt to reach it.',
  args: {
    v0: { subject: hash32 },
    v1: {
      sender: hash32,
      addressee: hash32,
      kind: choice(...noticeKinds),
      content: hash32,
      channel: choice(...channels),
    },
  },
  signedBy: [{ who: 'sender', role: roles, party: ({ sender }) => sender }],
  preconditions: { E_NOT_FOUND: 'the addressee is enrolled' },
  effects: 'the notice is GIVEN, with one attempt',
  evidence: 'hash of what it says; channel and time of the attempt',
  visibility: 'V1',
  apply: ({ channel, ...given }, context) => {
    const known = lookUp(context, party, given.addressee);
    if (isRefusal(known)) return known;
    context.put(notice, context.callId, {
      state: 'GIVEN',
      ...given,
      givenAtHeight: context.height,
      givenAt: context.time,
      attempts: [{ channel, at: context.running }],
      provedAt: 0,
      ...versionOf(context),
    });
    return undefined;
  },
});

export const attemptNotice = transition({
  name: 'attempt-notice',
  row: 26,
  summary: 'Records a further attempt to reach the addressee.',
  args: { v0: { notice: hash32 }, v1: { channel: choice(...channels) } },
  signedBy: [{ who: 'sender', role: roles, party: partyIn(notice, 'notice', 'sender') }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_POLICY: 'not more than 8 attempts',
    E_STATE: 'the notice is GIVEN',
  },
  effects: 'with two attempts on different channels it counts as proved 24 hours later',
  evidence: 'channel and time of the attempt',
  visibility: 'V1',
  apply: ({ notice: id, channel }, context) => {
    const given = lookUp(context, notice, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'GIVEN') return wrongState(given.state, ['GIVEN'], id);
    if (given.attempts.length >= attemptsMax)
      return refused('E_POLICY', { reason: 'too many attempts', most: attemptsMax }, id);
    const second = given.provedAt === 0 && given.attempts.some((entry) => entry.channel !== channel);
    context.put(notice, id, {
      ...given,
      attempts: [...given.attempts, { channel, at: context.running }],
      provedAt: second ? context.running + context.policy.noticeMs : given.provedAt,
      ...versionOf(context),
    });
    return undefined;
  },
});

export const acknowledgeNotice = transition({
  name: 'acknowledge-notice',
  row: 26,
  summary: 'Acknowledges a notice: it is proved from here on.',
  args: { v0: { notice: hash32 } },
  signedBy: [{ who: 'addressee', role: roles, party: partyIn(notice, 'notice', 'addressee') }],
  preconditions: { E_NOT_FOUND: 'what it names exists', E_STATE: 'the notice is GIVEN' },
  effects: 'the notice is ACKNOWLEDGED, and so proved',
  visibility: 'V1',
  apply: ({ notice: id }, context) => {
    const given = lookUp(context, notice, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'GIVEN') return wrongState(given.state, ['GIVEN'], id);
    const { running } = context;
    const provedAt = given.provedAt === 0 ? running : Math.min(given.provedAt, running);
    context.put(notice, id, { ...given, state: 'ACKNOWLEDGED', provedAt, ...versionOf(context) });
    return undefined;
  },
});
