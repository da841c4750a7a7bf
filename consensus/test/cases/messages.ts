/** Cases of messages between banks (R093). */

import { messageLifeMaxMs } from '../../contracts/transitions/messages.ts';
import { DAY_MS, nowhere } from '../contract-story.ts';
import { HOUR_MS, idOf, World } from '../contract-world.ts';
import { exchangeKey, receive, saltOf, send, stateKey } from '../message-steps.ts';
import type { Cases, Ran } from './cases.ts';

const plain = (): { readonly world: World } => ({ world: World.enrolled() });

/** Bank B has a key. */
const keyed = (): { readonly world: World } => {
  const holder = plain();
  stateKey(holder);
  return holder;
};

/** And bank A has sent it a message. */
function sent(): { readonly world: World; readonly id: Uint8Array } {
  const { world } = keyed();
  return { world, id: send({ world }).id };
}

const low = new Uint8Array(32);
const high = new Uint8Array(32).fill(0xff);

export const cases: Cases = {
  'state-message-key': {
    OK: {
      'the first key': () => stateKey(plain()),
      'another in its place': () => stateKey(keyed(), 'bankB', exchangeKey('second')),
    },
    E_CREDENTIAL: {
      'a point of small order': () => stateKey(plain(), 'bankB', low),
      'not canonical': () => stateKey(plain(), 'bankB', high),
    },
    E_ID_LIVE: {
      'its own once more': (): Ran => [stateKey(keyed()), exchangeKey('bankB')],
      'one that it had before': () => {
        const holder = keyed();
        stateKey(holder, 'bankB', exchangeKey('second'));
        return stateKey(holder);
      },
      'another’s': () => stateKey(keyed(), 'bankA', exchangeKey('bankB')),
    },
    E_ROLE: {
      'a monitor': () => stateKey(plain(), 'monitor'),
      'an enterprise': () => stateKey(plain(), 'acme'),
      'another signs': () => stateKey(plain(), 'bankB', exchangeKey('bankB'), ['bankA']),
    },
  },
  'send-message': {
    OK: {
      'to the newest key': () => send(keyed()),
      'as long ahead as may be': () => {
        const holder = keyed();
        return send(holder, { until: holder.world.time + messageLifeMaxMs });
      },
    },
    E_NOT_FOUND: {
      'a bank without a key': (): Ran => [send(plain()), idOf('bankB')],
      'nobody at all': () => send(keyed(), { recipient: nowhere }),
    },
    E_ROLE: {
      'an enterprise sends': () => send(keyed(), { sender: idOf('acme') }, ['acme']),
      'a monitor sends': () => send(keyed(), { sender: idOf('monitor') }, ['monitor']),
      'in the name of another bank': () => send(keyed(), {}, ['bankB']),
      'nobody signs': () => send(keyed(), {}, []),
    },
    E_SCHEMA: {
      'its date has passed': () => {
        const holder = keyed();
        return send(holder, { until: holder.world.time - 1 });
      },
      'its date is too far ahead': () => {
        const holder = keyed();
        return send(holder, { until: holder.world.time + messageLifeMaxMs + HOUR_MS });
      },
    },
    E_STALE: {
      'sealed to a key that another has replaced': (): Ran => {
        const holder = keyed();
        stateKey(holder, 'bankB', exchangeKey('second'));
        return [send(holder), exchangeKey('second')];
      },
      'sealed to another’s key': () => {
        const holder = keyed();
        stateKey(holder, 'bankA');
        return send(holder, { key: exchangeKey('bankA') });
      },
    },
    E_STANDING: {
      'to itself': () => {
        const holder = keyed();
        stateKey(holder, 'bankA');
        return send(holder, { recipient: idOf('bankA'), key: exchangeKey('bankA') });
      },
    },
  },
  'receive-message': {
    OK: {
      'with the opening': () => {
        const holder = sent();
        return receive(holder, holder.id);
      },
      'sealed to a key that was replaced since': () => {
        const holder = sent();
        stateKey(holder, 'bankB', exchangeKey('second'));
        return receive(holder, holder.id);
      },
      'a pause of finality moved its date': () => {
        const holder = sent();
        holder.world.pause(8 * DAY_MS);
        return receive(holder, holder.id);
      },
    },
    E_NOT_FOUND: { 'no such message': () => receive(keyed(), nowhere) },
    E_OPENING: {
      'a guess': (): Ran => {
        const holder = sent();
        return [receive(holder, holder.id, saltOf(1)), holder.id];
      },
      'the salt itself': () => {
        const holder = sent();
        return receive(holder, holder.id, saltOf());
      },
    },
    E_ROLE: {
      'the sender says it was received': () => {
        const holder = sent();
        return receive(holder, holder.id, undefined, ['bankA']);
      },
    },
    E_STATE: {
      'received before': (): Ran => {
        const holder = sent();
        receive(holder, holder.id);
        return [receive(holder, holder.id), holder.id];
      },
      'its date has passed': () => {
        const holder = sent();
        holder.world.pass(8 * DAY_MS);
        return receive(holder, holder.id);
      },
    },
  },
};
