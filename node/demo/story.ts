/**
 * The story of one loan: goods enter a warehouse, are receipted, pledged and watched; a breach is noticed, a second
 * pledge of the same goods is refused, the debt is repaid and the goods are free again (semantics §5).
 */

import type { Done } from './actors.ts';
import { type StoryHooks, Teller } from './teller.ts';
import { DAY_MS, goods, receiptTerms, valuation } from './terms.ts';

export interface StoryResult {
  readonly loan: string;
  readonly pledge: string;
  readonly doublePledge: { readonly refused: boolean; readonly code: string; readonly winner: string };
}

/** The enterprise asks two banks at once; only one of them will get the goods. */
const banks = ['bank-a', 'bank-b'] as const;
type ByBank = { readonly [B in (typeof banks)[number]]: Done };

const { grams, packages, currency } = goods;

export async function tellStory(hooks: StoryHooks): Promise<StoryResult> {
  const teller = new Teller(hooks);
  const receipt = await takeIn(teller);
  const loans = await apply(teller, receipt);
  const reserved = { unit: hooks.unit, quantity: grams, receipt: receipt.callId, ceiling: goods.loan };
  const pledge = await pledgeTo(teller, { ...reserved, loan: loans['bank-a'].callId });
  await watch(teller, pledge);
  const doublePledge = await pledgeAgain(teller, { ...reserved, loan: loans['bank-b'].callId });
  await repay(teller, loans['bank-a'], pledge);
  return { loan: loans['bank-a'].callId, pledge: pledge.callId, doublePledge };
}

/** Sensors and goods come onto the ledger; the enterprise holds a warehouse receipt in the end. */
async function takeIn(teller: Teller): Promise<Done> {
  const { hooks } = teller;
  const { parties, unit, measurements } = hooks;
  hooks.before('enrol');
  hooks.after(await hooks.enrol());

  const count = await measurements.weighAndCount();
  const registered = await teller.step(
    'register',
    `goods registered: ${grams / 1e6} t in ${packages} packages, SSCC ${goods.label}`,
    {
      transition: 'register-goods',
      args: {
        ...{
          scheme: goods.scheme,
          label: goods.label,
          gln: goods.gln,
          zone: goods.zone,
          goods: goods.description,
        },
        ...{ owner: parties.enterprise, custodian: parties.warehouse, monitor: parties['monitor-a'] },
        ...{ quantity: grams, packages, temperature: goods.temperature, receiptsByMonitor: false },
        evidence: count.proofs,
      },
      signers: ['monitor-a', 'warehouse', 'enterprise'],
    },
  );
  await teller.bundle('1-registration', 'enterprise', `/v1/vertices/${registered.vertex}/bundle`);
  await hooks.keepBundle('2-weight-reading', count.bundle);

  return teller.step('receipt', 'warehouse receipt issued to the enterprise', {
    transition: 'issue-receipt',
    args: { unit, quantity: grams, packages, ...receiptTerms(Date.now()) },
    signers: ['warehouse', 'monitor-a', 'enterprise'],
  });
}

/** Each bank learns what it needs, with the enterprise's consent, and approves the loan. */
async function apply(teller: Teller, receipt: Done): Promise<ByBank> {
  const { parties, unit, measurements } = teller.hooks;
  const orders = await teller.each(banks, 'order', 'order receipts recorded', (bank) => ({
    transition: 'order-receipt',
    args: {
      ...{
        predecessor: null,
        unit,
        pledgee: parties[bank],
        specification: '82 % fat, 25 kg blocks',
        position: 'bay 7, rows 1-6',
      },
      ...{ condition: 'cold, wrapping intact', orderNumber: 'PO-2026-0417', amount: goods.loan, currency },
    },
    signers: ['monitor-a'],
  }));
  const loans = await teller.each(banks, 'apply', 'loan applied for at Bank A and Bank B', (bank) => ({
    transition: 'apply',
    args: {
      ...{
        applicant: parties.enterprise,
        bank: parties[bank],
        lei: '5493000000000000E173',
        amount: goods.loan,
        currency,
      },
      ...{ maturity: Date.now() + 90 * DAY_MS, orders: ['PO-2026-0417'], units: [unit] },
    },
    signers: ['enterprise'],
  }));
  const grants = await teller.each(
    banks,
    'authorise',
    'monitor may disclose to the banks, with the enterprise’s consent',
    (bank) => ({
      transition: 'authorise',
      args: {
        ...{
          loan: loans[bank].callId,
          scope: [unit, receipt.callId],
          kinds: ['status', 'readings', 'ownership'],
        },
        ...{ purpose: 'credit decision and monitoring', expires: Date.now() + 120 * DAY_MS, appraiser: null },
      },
      signers: [bank, 'enterprise'],
    }),
  );
  const fresh = await measurements.weighAndCount();
  const statuses = await teller.each(
    banks,
    'status',
    'status supplied: weighed and counted again, with proofs',
    (bank) => ({
      transition: 'supply-status',
      args: {
        ...{ grant: grants[bank].callId, unit, evidence: fresh.proofs, orderReceipt: orders[bank].callId },
        ...{ asOf: fresh.finalTime, condition: 'as registered' },
      },
      signers: ['monitor-a'],
    }),
  );
  await teller.bundle('3-status', 'bank-a', `/v1/objects/status/${statuses['bank-a'].callId}/bundle`);
  await teller.bundle(
    '4-order-receipt',
    'bank-a',
    `/v1/objects/order-receipt/${orders['bank-a'].callId}/bundle`,
  );
  const evaluations = await teller.each(banks, 'evaluate', 'goods valued by each bank', (bank) => ({
    transition: 'evaluate',
    args: {
      loan: loans[bank].callId,
      evaluator: parties[bank],
      ...valuation(statuses[bank].callId, Date.now()),
    },
    signers: [bank],
  }));
  await teller.each(banks, 'approve', `limit ${goods.loan / 100} ${currency} approved`, (bank) => ({
    transition: 'decide',
    args: {
      loan: loans[bank].callId,
      decision: {
        type: 'approve',
        grant: grants[bank].callId,
        evaluation: evaluations[bank].callId,
        limit: goods.loan,
        until: Date.now() + 30 * DAY_MS,
      },
    },
    signers: [bank],
  }));
  return loans;
}

type PledgeTerms = {
  readonly unit: string;
  readonly quantity: number;
  readonly receipt: string;
  readonly ceiling: number;
  readonly loan: string;
};

/** Bank A finds the goods free, takes them in pledge, and lends. */
async function pledgeTo(teller: Teller, terms: PledgeTerms): Promise<Done> {
  const { hooks } = teller;
  const search = `/v1/search/${goods.scheme}/${goods.label}/bundle`;
  hooks.before('search');
  await teller.bundle('5-search-no-pledge', 'bank-a', search);
  hooks.after({
    step: 'search',
    text: 'encumbrance search: no pledge on this unit, proved by absence',
    signers: [],
  });

  const pledge = await teller.step('pledge', 'pledge agreed with Bank A, goods reserved', {
    transition: 'agree-pledge',
    args: terms,
    signers: ['enterprise', 'bank-a'],
  });
  const atPerfection = await hooks.measurements.weighAndCount();
  await teller.step(
    'perfect',
    'pledge perfected: monitor and warehouse attorn, receipt control moves to Bank A',
    {
      transition: 'perfect-pledge',
      args: { pledge: pledge.callId, evidence: atPerfection.proofs },
      signers: ['monitor-a', 'warehouse', 'bank-a'],
    },
  );
  await teller.bundle('6-pledge', 'bank-a', `/v1/objects/pledge/${pledge.callId}/bundle`);
  await teller.bundle('7-no-other-pledge', 'bank-a', `${search}?except=${pledge.callId}`);
  await teller.step('draw', `${goods.principal / 100} ${currency} drawn`, {
    transition: 'draw',
    args: {
      loan: terms.loan,
      principal: goods.principal,
      interest: goods.interest,
      costs: goods.costs,
      reference: 'SEPA 2026-0001',
    },
    signers: ['bank-a', 'enterprise'],
  });
  return pledge;
}

/** Readings stream in; the cooling fails, and the monitor warns. */
async function watch(teller: Teller, pledge: Done): Promise<void> {
  const { hooks } = teller;
  hooks.before('monitoring');
  hooks.after(await hooks.watch());

  hooks.before('breach');
  await hooks.failCooling();
  const breach = await hooks.measurements.breach();
  const warned = await teller.step(
    'breach',
    `warning: ${breach.text}; the cure period runs`,
    {
      transition: 'warn',
      args: { pledge: pledge.callId, trigger: breach.trigger, evidence: [breach.proof] },
      signers: ['monitor-a'],
    },
    true,
  );
  await teller.bundle('8-warning', 'bank-a', `/v1/vertices/${warned.vertex}/bundle`);
  await hooks.keepBundle('9-breach-reading', breach.bundle);
}

/** The same goods a second time, to Bank B: the ledger must refuse, and name the pledge that stands. */
async function pledgeAgain(teller: Teller, terms: PledgeTerms): Promise<StoryResult['doublePledge']> {
  const { hooks } = teller;
  hooks.before('double-pledge');
  const rivalSigners = ['enterprise', 'bank-b'] as const;
  const rival = await hooks.actors.perform({
    transition: 'agree-pledge',
    args: terms,
    signers: rivalSigners,
  });
  const refused = rival.code !== 'OK';
  const verdict = refused
    ? `refused with ${rival.code}; the winner is ${rival.conflict.slice(0, 16)}…`
    : 'ACCEPTED, which it must not be';
  hooks.after({
    step: 'double-pledge',
    text: `Bank B’s pledge of the same goods: ${verdict}`,
    signers: rivalSigners,
    height: rival.height,
    ms: rival.ms,
  });
  await teller.bundle('10-second-pledge-refused', 'bank-b', `/v1/vertices/${rival.vertex}/bundle`);
  return { refused, code: rival.code, winner: rival.conflict };
}

async function repay(teller: Teller, loan: Done, pledge: Done): Promise<void> {
  await teller.step('repay', 'loan repaid: costs, interest, principal', {
    transition: 'repay',
    args: {
      loan: loan.callId,
      payer: teller.hooks.parties.enterprise,
      currency,
      amount: goods.principal + goods.interest + goods.costs,
      reference: 'SEPA 2026-0002',
    },
    signers: ['enterprise', 'bank-a'],
  });
  const released = await teller.step('release', 'pledge released, receipt back to the enterprise', {
    transition: 'release',
    args: { pledge: pledge.callId, waived: false },
    signers: ['bank-a'],
  });
  await teller.bundle('11-release', 'enterprise', `/v1/vertices/${released.vertex}/bundle`);
  await teller.bundle('12-free-again', 'bank-b', `/v1/search/${goods.scheme}/${goods.label}/bundle`);
}
