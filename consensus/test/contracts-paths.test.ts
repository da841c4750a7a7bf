import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, storyAt } from './contract-story.ts';
const x = suite('x');
x('r', () => { const s = storyAt('repaid'); assert.is(codeOf(s.release()), 'OK'); });
x.run();
