/** R055: readings of devices and gateways that nobody enrolled add nothing to what goods are said to weigh. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../codec/limits.ts';
import { codeOf, storyAt } from './contract-story.ts';

const sybil = suite('R055: unenrolled sensors');
const IDENTITIES = 1_000;

sybil(
  'readings of a thousand unenrolled devices are no evidence, alone or beside those of enrolled ones',
  () => {
    const story = storyAt('empty');
    const { world } = story;
    let number = 0;
    const ghosts = (count: number) =>
      Array.from({ length: count }, () => {
        const device = `ghost-${number++}`;
        return world.reading({ device, signedBy: device, values: { weight: '1000', count: '40' } });
      });
    while (number < IDENTITIES) {
      const alone = story.register({ evidence: ghosts(limits.evidencePerCallMax) });
      const beside = story.register({ evidence: [...world.count('1000', 40), ...ghosts(2)] });
      assert.equal([codeOf(alone), codeOf(beside)], ['E_EVIDENCE', 'E_EVIDENCE']);
      for (const { refusal } of [alone, beside])
        assert.is(refusal?.facts['reason'], 'the device is not enrolled and active');
    }
    assert.is(codeOf(story.register()), 'OK', 'the enrolled ones are heard as before');
  },
);

sybil('an enrolled device that a stranger’s gateway vouches for is no evidence', () => {
  const story = storyAt('empty');
  const [weighing] = story.world.count('1000', 40);
  const counted = story.world.reading({ device: 'camera', gateway: 'ghost', values: { count: '40' } });
  const outcome = story.register({ evidence: [weighing!, counted] });
  assert.equal(
    [codeOf(outcome), outcome.refusal?.facts['reason']],
    ['E_EVIDENCE', 'its author is no active gateway'],
  );
});

sybil.run();
