/** Trigger rules that pledgor, pledgee and monitor have signed for a pledge (row 23), id = the call. */

import { hash32 } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { triggerRules } from '../triggers/rules.ts';
import { version } from './version.ts';

export const triggerSet = objectType('trigger-set', {
  v0: { ...version },
  v1: { pledge: hash32, pledgor: hash32, pledgee: hash32, monitor: hash32, rules: triggerRules },
});
