/** Cases of credit limits, and of what approving and drawing a loan under one adds to rows 12 and 15. */

import { DAY_MS, nowhere, storyAt } from '../contract-story.ts';
import { deviceId, HOUR_MS, idOf } from '../contract-world.ts';
import {
  LimitStory,
  lineAt,
  loanUnderLimit,
  machineTerms,
  meterTerms,
  PERIOD_MS,
  truckTerms,
} from '../limit-steps.ts';
import { ThingStory, truck } from '../thing-steps.ts';
import type { Cases } from './cases.ts';

const lost = (line: LimitStory): LimitStory => Object.assign(line, { limit: nowhere });
function after(line: LimitStory, ...steps: readonly ((line: LimitStory) => unknown)[]): LimitStory {
  for (const step of steps) step(line);
  return line;
}
const frozen = (): LimitStory => after(lineAt('measured'), (line) => line.freeze());
/** An evaluated loan, and a limit of its two parties at bank A that is granted so far. */
function evaluated(grant = 1_000_000) {
  const story = storyAt('evaluated');
  const limit = after(
    new LimitStory(story.world),
    (held) => held.apply(),
    (held) => held.validate({ amount: grant }),
  );
  return { story, limit };
}
/** A second limit that has claimed the truck. */
function claimed(line: LimitStory): Uint8Array {
  const other = after(
    new LimitStory(line.world),
    (held) => held.applyForLine({ members: [truckTerms] }),
    (held) => held.validate(),
  );
  return other.limit;
}

export const cases: Cases = {
  'apply-limit': {
    OK: {
      'for loans': () => lineAt('none').apply(),
      'for a line of two things': () => lineAt('none').applyForLine(),
    },
    E_DEVICE_STATE: {
      'another’s device': () =>
        lineAt('none').applyForLine({ members: [{ ...truckTerms, device: deviceId('scale') }] }),
      'a device without a key': () => {
        const line = lineAt('none');
        line.unkey('truck');
        return line.applyForLine();
      },
      'a revoked device': () => {
        const line = lineAt('none');
        new ThingStory(line.world).revokeDevice();
        return line.applyForLine();
      },
    },
    E_NOT_FOUND: {
      'no such device': () => lineAt('none').applyForLine({ members: [{ ...truckTerms, device: nowhere }] }),
    },
    E_ROLE: {
      'at no bank': () => lineAt('none').apply({ bank: idOf('warehouse') }),
      unsigned: () => lineAt('none').apply({}, ['zenith']),
    },
    E_SCHEMA: {
      'no currency': () => lineAt('none').apply({ currency: 'eur' }),
      'a device twice': () => lineAt('none').applyForLine({ members: [truckTerms, truckTerms] }),
    },
  },
  'validate-limit': {
    OK: {
      'as asked': () => lineAt('applied').validate(),
      'less than asked': () => lineAt('applied').validate({ amount: 1 }),
      declined: () => lineAt('applied').decline(),
    },
    E_DEVICE_STATE: {
      'a member was revoked meanwhile': () => {
        const line = lineAt('applied');
        new ThingStory(line.world).revokeDevice();
        return [line.validate(), truck];
      },
    },
    E_ID_LIVE: {
      'a member stands in another limit': () => {
        const line = lineAt('applied');
        const other = claimed(line);
        return [line.validate(), other];
      },
    },
    E_LIMIT: { 'more than asked': () => lineAt('applied').validate({ amount: 100_001 }) },
    E_NOT_FOUND: { 'no such limit': () => lost(lineAt('applied')).validate() },
    E_SCHEMA: {
      'it ends now': () => {
        const line = lineAt('applied');
        return line.validate({ until: line.world.time + 250 });
      },
    },
    E_STATE: {
      twice: () => lineAt('valid').validate(),
      'once declined': () => after(lineAt('applied'), (line) => line.decline()).validate(),
    },
  },
  'modify-limit': {
    OK: {
      'lowered by the bank alone': () => lineAt('drawn').modify({ amount: 10_000 }, ['bankA']),
      'raised by both': () => lineAt('drawn').modify({ amount: 200_000 }),
      'without the machine, and later': () => {
        const line = lineAt('measured');
        return line.modify({ members: [truckTerms], until: line.world.time + 300 * DAY_MS });
      },
    },
    E_DEVICE_STATE: {
      'a member has lost its key': () => {
        const line = after(lineAt('valid'), (held) => held.unkey('acme-counter'));
        return line.modify({ members: [machineTerms] });
      },
    },
    E_FROZEN: {
      'it is frozen': () => {
        const line = frozen();
        return [line.modify(), line.limit];
      },
    },
    E_ID_LIVE: {
      'the new member stands in another limit': () => {
        const line = after(lineAt('valid'), (held) => held.modify({ members: [machineTerms] }));
        const other = claimed(line);
        return [line.modify({ members: [machineTerms, truckTerms] }), other];
      },
    },
    E_LIMIT: { 'below what is used': () => lineAt('drawn').modify({ amount: 9_999 }, ['bankA']) },
    E_NOT_FOUND: { 'no such limit': () => lost(lineAt('valid')).modify() },
    E_SCHEMA: {
      'it ends now': () => {
        const line = lineAt('valid');
        return line.modify({ until: line.world.time });
      },
      'a limit for loans gets members': () => {
        const { limit } = evaluated();
        return limit.modify({ members: [truckTerms] });
      },
      'a device twice': () => lineAt('valid').modify({ members: [truckTerms, truckTerms] }),
    },
    E_STATE: { 'not validated yet': () => lineAt('applied').modify() },
    E_ROLE: {
      'raised by the bank alone': () => lineAt('valid').modify({ amount: 100_001 }, ['bankA']),
      'other members by the bank alone': () => lineAt('valid').modify({ members: [] }, ['bankA']),
      'by the applicant alone': () => lineAt('valid').modify({}, ['acme']),
    },
  },
  'freeze-limit': {
    OK: {
      'by the bank': () => lineAt('valid').freeze(),
      'by a resolver': () => lineAt('drawn').freeze('resolver'),
    },
    E_NOT_FOUND: { 'no such limit': () => lost(lineAt('valid')).freeze() },
    E_STANDING: { 'by another bank': () => [lineAt('valid').freeze('bankB'), idOf('bankB')] },
    E_STATE: {
      'it is frozen': () => frozen().freeze(),
      'not validated yet': () => lineAt('applied').freeze(),
    },
    E_ROLE: { 'by the applicant': () => lineAt('valid').freeze('acme') },
  },
  'thaw-limit': {
    OK: {
      'by the bank': () => frozen().thaw(),
      'by the resolver': () => after(lineAt('valid'), (line) => line.freeze('resolver')).thaw(['resolver']),
    },
    E_NOT_FOUND: { 'no such limit': () => lost(lineAt('valid')).thaw() },
    E_STATE: { 'it is not frozen': () => lineAt('valid').thaw() },
    E_ROLE: {
      'the bank, of what a resolver froze': () =>
        after(lineAt('valid'), (line) => line.freeze('resolver')).thaw(),
    },
  },
  'end-limit': {
    OK: {
      withdrawn: () => lineAt('applied').end(),
      'by the bank': () => lineAt('valid').end('bankA'),
      'while frozen': () => frozen().end(),
    },
    E_DEBT: { 'something is drawn': () => lineAt('drawn').end() },
    E_NOT_FOUND: { 'no such limit': () => lost(lineAt('valid')).end() },
    E_STANDING: { 'by a stranger': () => [lineAt('valid').end('zenith'), idOf('zenith')] },
    E_STATE: {
      twice: () => after(lineAt('valid'), (line) => line.end()).end(),
      'once declined': () => after(lineAt('applied'), (line) => line.decline()).end(),
    },
  },
  'measure-limit': {
    OK: {
      'the first opens a period': () => {
        const line = lineAt('valid');
        return line.show(line.pulses('truck', 5));
      },
      'the truck': () => lineAt('valid').measure(),
      'a furnace, in kilowatt-hours': () => {
        const line = after(lineAt('none'), (held) => held.applyForLine({ members: [meterTerms] }));
        line.validate();
        return line.use(81_020.4, 83_520.9);
      },
      'the machine, by the bank': () => {
        const line = lineAt('measured');
        const reading = line.pulses('acme-counter', 7);
        return line.show(reading, 'acme-counter', { by: idOf('bankA') }, ['bankA']);
      },
      'less than before, below what is drawn': () => lineAt('drawn').measure(0),
      'too late: a new period': () =>
        after(lineAt('drawn'), (line) => line.world.pass(3 * HOUR_MS)).measure(),
      'while frozen': () => frozen().measure(),
    },
    E_DEVICE_STATE: {
      'it has lost its key': () => after(lineAt('valid'), (line) => line.unkey('truck')).measure(),
    },
    E_EVIDENCE: {
      'of another device': () => {
        const line = lineAt('valid');
        return line.show(line.pulses('acme-counter', 9));
      },
      'in pulses, where the terms say kilowatt-hours': () => {
        const line = after(lineAt('none'), (held) => held.applyForLine({ members: [meterTerms] }));
        line.validate();
        return [line.show(line.pulses('acme-meter', 5), 'acme-meter'), deviceId('acme-meter')];
      },
      'of another quantity': () => {
        const line = lineAt('valid');
        return line.show(line.world.reading({ device: 'truck', values: { count: '5' } }));
      },
      'lower than before': () => lineAt('measured').measure(-1),
      'not fresh': () => {
        const line = lineAt('valid');
        return line.show(line.pulses('truck', 9, { time: line.world.time - 2 * HOUR_MS }));
      },
      'the same again': () => {
        const line = lineAt('valid');
        const reading = line.pulses('truck', 5);
        line.show(reading);
        return line.show(reading);
      },
      'signed by another key': () => {
        const line = lineAt('valid');
        return line.show(line.pulses('truck', 5, { signedBy: 'acme-counter' }));
      },
    },
    E_NOT_DUE: {
      'an hour after the one before': () => {
        const line = after(lineAt('measured'), (held) => held.world.pass(HOUR_MS));
        return [line.show(line.pulses('truck', 9_000)), truck];
      },
    },
    E_NOT_FOUND: { 'no such limit': () => lost(lineAt('valid')).measure() },
    E_SCOPE: {
      'not a member': () => {
        const line = lineAt('valid');
        return [line.show(line.pulses('acme-scale', 5), 'acme-scale'), deviceId('acme-scale')];
      },
    },
    E_STANDING: {
      'by a stranger': () => {
        const line = lineAt('valid');
        return line.show(line.pulses('truck', 5), 'truck', { by: idOf('zenith') }, ['zenith']);
      },
    },
    E_STATE: { 'not validated yet': () => lineAt('applied').measure() },
  },
  'draw-limit': {
    OK: {
      'in part': () => lineAt('measured').draw(),
      'all that is carried': () => lineAt('measured').draw({ amount: 40_000 }),
      'again, once repaid': () =>
        after(
          lineAt('measured'),
          (line) => line.draw({ amount: 40_000 }),
          (line) => line.repay(),
        ).draw({ amount: 4_000 }),
    },
    E_FROZEN: {
      'it is frozen': () => {
        const line = frozen();
        return [line.draw(), line.limit];
      },
    },
    E_FUNDS: {
      'the bank has less': () => {
        const story = new LimitStory(storyAt('empty').world);
        new ThingStory(story.world).fund('bankA', 999);
        after(
          story,
          (line) => line.apply(),
          (line) => line.validate(),
        );
        return story.draw({ amount: 1_000 });
      },
    },
    E_LIMIT: {
      'more than is carried': () => lineAt('measured').draw({ amount: 40_001 }),
      'never measured': () => lineAt('valid').draw({ amount: 1 }),
      'a member is revoked': () => {
        const line = lineAt('drawn');
        new ThingStory(line.world).revokeDevice();
        return line.draw({ amount: 1 });
      },
    },
    E_NOT_FOUND: {
      'no such limit': () => lost(lineAt('measured')).draw(),
      'the bank has issued no money': () => {
        const story = after(
          new LimitStory(storyAt('empty').world),
          (line) => line.apply(),
          (line) => line.validate(),
        );
        return story.draw();
      },
    },
    E_ROLE: {
      'a member signs, without a mandate': () => lineAt('measured').draw({}, ['truck']),
    },
    E_STALE: {
      'measured more than a period ago': () => {
        const line = after(lineAt('measured'), (held) => held.world.pass(PERIOD_MS));
        return [line.draw(), truck];
      },
    },
    E_STATE: {
      'not validated yet': () => lineAt('applied').draw(),
      'it has run out': () => after(lineAt('measured'), (line) => line.world.pass(91 * DAY_MS)).draw(),
      'it has ended': () => after(lineAt('measured'), (line) => line.end()).draw(),
    },
  },
  'repay-limit': {
    OK: {
      'in part': () => lineAt('drawn').repay(),
      'more than is drawn, by the bank’s other customer': () => {
        const line = lineAt('drawn');
        new ThingStory(line.world).fund('zenith', 10_000);
        return line.repay({ payer: idOf('zenith'), amount: 99_000 }, ['zenith']);
      },
      'while frozen': () => after(lineAt('drawn'), (line) => line.freeze()).repay(),
    },
    E_FUNDS: { 'the payer has nothing': () => lineAt('drawn').repay({ payer: idOf('zenith') }, ['zenith']) },
    E_NOT_FOUND: { 'no such limit': () => lost(lineAt('drawn')).repay() },
    E_STATE: { 'nothing is drawn': () => lineAt('measured').repay() },
  },
  decide: {
    OK: {
      'under a credit limit': () => {
        const { story, limit } = evaluated();
        return story.approve({ creditLimit: limit.limit });
      },
    },
    E_FROZEN: {
      'under a frozen credit limit': () => {
        const { story, limit } = evaluated();
        limit.freeze();
        return [story.approve({ creditLimit: limit.limit }), limit.limit];
      },
    },
    E_LIMIT: {
      'above the credit limit': () => {
        const { story, limit } = evaluated(999_999);
        return story.approve({ creditLimit: limit.limit });
      },
    },
    E_NOT_FOUND: { 'no such credit limit': () => evaluated().story.approve({ creditLimit: nowhere }) },
    E_SCOPE: {
      'a credit limit of another applicant': () => {
        const { story } = evaluated();
        const other = after(
          new LimitStory(story.world),
          (limit) => limit.apply({ applicant: idOf('zenith') }, ['zenith']),
          (limit) => limit.validate(),
        );
        return [story.approve({ creditLimit: other.limit }), other.limit];
      },
      'a credit limit in another currency': () => {
        const { story } = evaluated();
        const other = after(
          new LimitStory(story.world),
          (limit) => limit.apply({ currency: 'USD' }),
          (limit) => limit.validate(),
        );
        return story.approve({ creditLimit: other.limit });
      },
    },
    E_STATE: {
      'under a credit limit that has ended': () => {
        const { story, limit } = evaluated();
        limit.end();
        return story.approve({ creditLimit: limit.limit });
      },
    },
  },
  draw: {
    OK: {
      'within its credit limit': () => loanUnderLimit().story.draw(),
      'again, once repaid': () => {
        const { story } = loanUnderLimit();
        story.draw();
        story.repay({ amount: 500_000 });
        return story.draw({ principal: 400_000, interest: 0, costs: 0 });
      },
    },
    E_FROZEN: {
      'its credit limit is frozen': () => {
        const { story, limit } = loanUnderLimit();
        limit.freeze();
        return [story.draw(), limit.limit];
      },
    },
    E_LIMIT: {
      'above its credit limit': () => {
        const { story, limit } = loanUnderLimit();
        limit.modify({ amount: 899_999 }, ['bankA']);
        return [story.draw(), limit.limit];
      },
    },
    E_STALE: {
      'what carries its credit limit was measured a day ago': () => {
        const story = storyAt('evaluated');
        const limit = after(
          new LimitStory(story.world),
          (held) => held.applyForLine({ members: [truckTerms] }),
          (held) => held.validate(),
          (held) => held.measure(200),
        );
        story.approve({ creditLimit: limit.limit, limit: 40_000 });
        story.agree();
        story.perfect();
        story.world.pass(DAY_MS);
        return [story.draw({ principal: 40_000, interest: 0, costs: 0 }), truck];
      },
    },
    E_STATE: {
      'its credit limit has run out': () => {
        const { story, limit } = loanUnderLimit();
        limit.modify({ until: limit.world.time + HOUR_MS, amount: 1_000_000 });
        story.world.pass(2 * HOUR_MS);
        return story.draw();
      },
    },
  },
  'revoke-device': {
    OK: {
      'a member of a credit limit': () => new ThingStory(lineAt('drawn').world).revokeDevice(),
    },
  },
  'transfer-thing': {
    OK: { 'a member of a credit limit': () => new ThingStory(lineAt('drawn').world).transfer() },
  },
};
