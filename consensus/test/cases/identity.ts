/** Cases of two devices under one identity (row 0, R175). */

import { conflictId } from '../../contracts/objects/identity-conflict.ts';
import { nowhere } from '../contract-story.ts';
import { deviceId, idOf, type Outcome, type PartyName, signerOf } from '../contract-world.ts';
import { claim, claimOf, copied, report, resolve, twice } from '../identity-steps.ts';
import { type ThingStory, thingAt, truck } from '../thing-steps.ts';
import type { Cases } from './cases.ts';

const contested = (stage: 'given' | 'enrolled' = 'given'): ThingStory => {
  const story = thingAt(stage);
  claim(story);
  return story;
};
const decided = (upheld: boolean): ThingStory => {
  const story = contested();
  resolve(story, upheld);
  return story;
};
const rekey = (story: ThingStory, keyName: string, owner: PartyName = 'acme'): Outcome =>
  story.enrol('truck', owner, keyName, true);

export const cases: Cases = {
  'claim-device': {
    OK: { 'a truck with a mandate': () => claim(thingAt('given')) },
    E_CREDENTIAL: {
      'the key did not sign': () => claim(thingAt('given'), {}, ['zenith', 'monitor']),
      'the key is of small order': () => {
        const key = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0));
        return claim(thingAt('given'), { key });
      },
    },
    E_DEVICE_STATE: {
      'another claims it': () => claimOf(contested(), 'carrier'),
      'it is revoked': () => {
        const story = thingAt('enrolled');
        story.revokeDevice();
        return claim(story);
      },
    },
    E_ID_LIVE: {
      'it was dismissed': () => [claim(decided(false)), conflictId(truck, idOf('zenith'))],
    },
    E_NOT_FOUND: { 'no such device': () => claim(thingAt('given'), { device: nowhere }) },
    E_STANDING: {
      'by its owner': () =>
        claim(thingAt('given'), { claimant: idOf('acme') }, ['acme', 'monitor', 'other truck']),
    },
  },
  'report-copy': {
    OK: { 'two counts under one counter': () => report(thingAt('given')) },
    E_DEVICE_STATE: {
      'another claims it': () => report(contested()),
      'it has no key': () => {
        const story = thingAt('given');
        const proofs = twice(story);
        rekey(story, '');
        return report(story, proofs);
      },
    },
    E_EVIDENCE: {
      'one frame twice': () => {
        const story = thingAt('given');
        const [first] = twice(story);
        return report(story, [first, first]);
      },
      'the same said twice': () => {
        const story = thingAt('given');
        return report(story, twice(story, { pulses: '7' }, { pulses: '7' }));
      },
      'under two counters': () => {
        const story = thingAt('given');
        return report(story, [story.event(), story.event()]);
      },
      'of another device': () => {
        const story = thingAt('given');
        const other = story.world.reading({ device: 'scale', values: { weight: '1' } });
        return report(story, [story.event(), other]);
      },
      'one of them signed by another key': () => {
        const story = thingAt('given');
        return report(story, twice(story, {}, {}, 'other truck'));
      },
      'signed by a key that it no longer has': () => {
        const story = thingAt('given');
        const proofs = twice(story);
        rekey(story, 'truck 2');
        return report(story, proofs);
      },
      'not on the ledger': () => report(thingAt('given'), [nowhere, nowhere]),
    },
    E_NOT_FOUND: { 'no such device': () => report(thingAt('given'), undefined, nowhere) },
  },
  'resolve-claim': {
    OK: {
      'dismissed by three seats': () => resolve(contested(), false),
      'upheld by three seats': () => resolve(contested(), true),
      'the claimant gives way': () => resolve(contested(), false, ['zenith']),
      'the owner gives way': () => resolve(contested(), true, ['acme']),
    },
    E_NOT_FOUND: {
      'no such claim': () => resolve(thingAt('given'), true),
      'no such device': () => resolve(contested(), true, undefined, deviceId('nothing')),
    },
    E_ROLE: {
      'two seats': () => resolve(contested(), false, ['bankA', 'monitor']),
      'the claimant decides for itself': () => resolve(contested(), true, ['zenith']),
      'the owner decides for itself': () => resolve(contested(), false, ['acme']),
    },
    E_STATE: { 'decided before': () => [resolve(decided(false), true), conflictId(truck, idOf('zenith'))] },
  },
  'enrol-device': {
    OK: { 'a new key for one that was copied': () => rekey(copied(), 'truck 2') },
    E_CREDENTIAL: {
      'the key that was copied': () => [
        rekey(copied(), 'truck'),
        conflictId(truck, signerOf('truck').publicKey),
      ],
      '… also later': () => {
        const story = copied();
        rekey(story, 'truck 2');
        return rekey(story, 'truck');
      },
    },
    E_ID_LIVE: {
      'another claims it': () => [rekey(contested(), 'truck 2'), truck],
      'it was copied, and another would have it': () => [copied().enrol('truck', 'zenith', 'truck 2'), truck],
    },
  },
};
