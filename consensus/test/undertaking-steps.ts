/** Steps of documentary credits and guarantees (row 34, R092) on a story whose goods are receipted. */

import { receipt } from '../contracts/objects/receipt.ts';
import { unit } from '../contracts/objects/unit.ts';
import { lapseCredit, openCredit, presentDocuments } from '../contracts/transitions/credits.ts';
import { callGuarantee, issueGuarantee, lapseGuarantee } from '../contracts/transitions/guarantees.ts';
import { DAY_MS, nowhere, type Story, storyAt } from './contract-story.ts';
import { type ArgsOf, idOf, type Outcome } from './contract-world.ts';
import { euros, issueTo } from './loan-steps.ts';

export const AMOUNT = 1_500_000;

/** The seller has a receipt; the buyer's bank has euros of its own. */
export function sellable(): Story {
  const story = storyAt('registered', 'lot');
  story.issue();
  issueTo(story, 'bankA');
  return story;
}

type Terms = ArgsOf<typeof openCredit>['terms'];

/** Bank A for zenith, who buys of acme what the story's receipt says; `terms` otherwise. */
export function openFor(
  story: Story,
  terms: Partial<Terms> = {},
  changes: Partial<Omit<ArgsOf<typeof openCredit>, 'terms'>> = {},
  by: readonly string[] = ['bankA', 'zenith'],
): Outcome {
  const document = story.world.read(receipt, story.receipt!);
  const { issuer, goods, specification, quality, quantity, packages } = document;
  const { custodian } = story.world.read(unit, story.unit);
  const args = {
    ...{ expires: story.world.time + 30 * DAY_MS, money: euros(), amount: AMOUNT },
    ...{ bank: idOf('bankA'), applicant: idOf('zenith'), beneficiary: idOf('acme') },
    ...changes,
    terms: { issuer, custodian, goods, specification, quality, quantity, packages, ...terms },
  };
  return story.world.run(openCredit, args, by);
}

export function present(story: Story, credit: Uint8Array, by: readonly string[] = ['acme']): Outcome {
  return story.world.run(presentDocuments, { credit, receipt: story.receipt ?? nowhere }, by);
}

export const lapseOfCredit = (story: Story, credit: Uint8Array): Outcome =>
  story.world.run(lapseCredit, { credit }, []);

/** Bank A guarantees acme that zenith will deliver. */
export function guaranteeFor(
  story: Pick<Story, 'world'>,
  changes: Partial<ArgsOf<typeof issueGuarantee>> = {},
  by: readonly string[] = ['bankA', 'zenith'],
): Outcome {
  const args = {
    ...{ expires: story.world.time + 30 * DAY_MS, money: euros(), amount: AMOUNT },
    ...{ applicant: idOf('zenith'), beneficiary: idOf('acme'), subject: 'delivery by 1 March' },
    ...changes,
  };
  return story.world.run(issueGuarantee, args, by);
}

export function demand(
  story: Pick<Story, 'world'>,
  guarantee: Uint8Array,
  amount = 400_000,
  by: readonly string[] = ['acme'],
): Outcome {
  return story.world.run(callGuarantee, { guarantee, amount, statement: 'nothing was delivered' }, by);
}

export const lapseOfGuarantee = (story: Pick<Story, 'world'>, guarantee: Uint8Array): Outcome =>
  story.world.run(lapseGuarantee, { guarantee }, []);
