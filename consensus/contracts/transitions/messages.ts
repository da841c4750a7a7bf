/** Messages between banks (R093): a key to seal to, a commitment, and the receipt. docs/spec/messages.md. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, key32, timeMs } from '../../codec/schema.ts';
import { exchangeKeyDefect } from '../../crypto/x25519.ts';
import { openingProof } from '../../vertex/sealed-message.ts';
import { runningAt } from '../clock.ts';
import { commitment, message, messageHead, messageKey } from '../objects/message.ts';
import { versionOf } from '../objects/version.ts';
import { checkFuture } from '../rules/dates.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

/** A message has at most so long to be received `[MSG-4]`. */
export const messageLifeMaxMs: number = 30 * 86_400_000;

export const stateMessageKey = transition({
  name: 'state-message-key',
  row: 0,
  summary: 'States the key to which messages to a bank are sealed, in place of an earlier one.',
  args: { v0: { party: hash32, key: key32 } },
  signedBy: [{ who: 'the bank', role: 'bank', party: ({ party }) => party }],
  preconditions: {
    E_CREDENTIAL: 'the key is canonical, and not of small order',
    E_ID_LIVE: 'nobody has stated it before',
  },
  effects: 'messages are sealed to this key from now on; the earlier ones stay on record',
  visibility: 'V0',
  apply: ({ party, key }, context) => {
    const defect = exchangeKeyDefect(key);
    if (defect !== undefined) return refused('E_CREDENTIAL', { field: 'key', reason: defect });
    if (context.get(messageKey, key) !== undefined)
      return refused('E_ID_LIVE', { field: 'key', reason: 'stated before' }, key);
    const number = (context.get(messageHead, party)?.number ?? 0) + 1;
    context.put(messageKey, key, { party, number, ...versionOf(context) });
    context.put(messageHead, party, { newest: key, number, ...versionOf(context) });
    return undefined;
  },
});

export const sendMessage = transition({
  name: 'send-message',
  row: 26,
  summary: 'Commits to a sealed message from a bank to another.',
  args: { v1: { ...commitment, until: timeMs } },
  signedBy: [{ who: 'sender', role: 'bank', party: ({ sender }) => sender }],
  preconditions: {
    E_NOT_FOUND: 'the recipient has stated a message key',
    E_SCHEMA: 'the date is to come, at most 30 days ahead',
    E_STALE: 'it is sealed to the newest key of the recipient',
    E_STANDING: 'nobody writes to itself',
  },
  effects: 'the message is SENT; its bytes go from node to node',
  evidence: 'hashes of the ciphertext, of what it says, and of what opens it',
  visibility: 'V1',
  apply: ({ until, ...committed }, context) => {
    const { sender, recipient, key } = committed;
    if (equalBytes(sender, recipient)) return refused('E_STANDING', { reason: 'to itself' }, recipient);
    const head = lookUp(context, messageHead, recipient);
    if (isRefusal(head)) return head;
    if (!equalBytes(head.newest, key)) return refused('E_STALE', { newest: head.number }, head.newest);
    const past = checkFuture('until', until, context);
    if (past !== undefined) return past;
    const latest = context.time + messageLifeMaxMs;
    if (until > latest) return refused('E_SCHEMA', { field: 'until', reason: 'too far ahead', most: latest });
    context.put(message, context.callId, {
      ...{ state: 'SENT', ...committed, until: runningAt(until, context) },
      ...{ sentAt: context.time, receivedAt: undefined, ...versionOf(context) },
    });
    return undefined;
  },
});

export const receiveMessage = transition({
  name: 'receive-message',
  row: 26,
  summary: 'Receives a message, with the opening that only who has opened it can show.',
  args: { v0: { message: hash32 }, v1: { opening: hash32 } },
  signedBy: [{ who: 'recipient', role: 'bank', party: partyIn(message, 'message', 'recipient') }],
  preconditions: {
    E_NOT_FOUND: 'the message exists',
    E_OPENING: 'it is the opening that the sender committed to',
    E_STATE: 'the message is SENT, and its date has not passed',
  },
  effects: 'RECEIVED: the object is the proof of delivery',
  evidence: 'the opening',
  visibility: 'V1',
  apply: ({ message: id, opening }, context) => {
    const sent = lookUp(context, message, id);
    if (isRefusal(sent)) return sent;
    if (sent.state !== 'SENT') return wrongState(sent.state, ['SENT'], id);
    if (sent.until < context.running)
      return refused('E_STATE', { reason: 'its date has passed', until: sent.until }, id);
    if (!equalBytes(openingProof(opening), sent.proof)) return refused('E_OPENING', {}, id);
    const receivedAt = context.time;
    context.put(message, id, { ...sent, state: 'RECEIVED', receivedAt, ...versionOf(context) });
    return undefined;
  },
});
