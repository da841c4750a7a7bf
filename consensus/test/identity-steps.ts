/** Steps of two devices under one identity: zenith claims acme's truck, or the truck's key speaks twice. */

import { claimDevice, reportCopy, resolveClaim } from '../contracts/transitions/identity.ts';
import { type ArgsOf, idOf, type Outcome, type PartyName, signerOf } from './contract-world.ts';
import { type ThingStory, thingAt, truck } from './thing-steps.ts';

export function claim(
  { world }: ThingStory,
  changes: Partial<ArgsOf<typeof claimDevice>> = {},
  by: readonly string[] = ['zenith', 'monitor', 'other truck'],
): Outcome {
  const key = signerOf('other truck').publicKey;
  const args = { device: truck, claimant: idOf('zenith'), monitor: idOf('monitor'), key, ...changes };
  return world.run(claimDevice, args, by);
}

export function claimOf(story: ThingStory, claimant: PartyName): Outcome {
  return claim(story, { claimant: idOf(claimant) }, [claimant, 'monitor', 'other truck']);
}

export function resolve(
  { world }: ThingStory,
  upheld: boolean,
  by: readonly string[] = ['bankA', 'bankB', 'monitor'],
  device = truck,
  claimant: PartyName = 'zenith',
): Outcome {
  return world.run(resolveClaim, { device, claimant: idOf(claimant), upheld }, by);
}

const COPIED_COUNTER = 4_711;

/** Two frames of the truck under one counter. */
export function twice(
  { world }: ThingStory,
  first: { readonly [quantity: string]: string } = {},
  second: { readonly [quantity: string]: string } = {},
  secondKey = 'truck',
): [Uint8Array, Uint8Array] {
  const said = { device: 'truck', signedBy: 'truck', counter: COPIED_COUNTER };
  return [
    world.reading({ ...said, values: { pulses: '7', ...first } }),
    world.reading({ ...said, values: { pulses: '8', ...second }, signedBy: secondKey }),
  ];
}

export function report(
  story: ThingStory,
  [first, second]: readonly [Uint8Array, Uint8Array] = twice(story),
  device = truck,
): Outcome {
  return story.world.run(reportCopy, { device, first, second }, []);
}

/** The truck with a mandate, after its key had spoken twice. */
export function copied(): ThingStory {
  const story = thingAt('given');
  report(story);
  return story;
}
