/**
 * The story of one loan: goods enter a warehouse, are receipted, pledged and watched; a breach is noticed, a second
 * pledge of the same goods is refused, the debt is repaid and the goods are free again (semantics §5).
 */

import type { Json } from '../../consensus/codec/schema.ts';
import { PALLET_KG, PALLETS } from '../../light-client/sensors/bay.ts';
import type { Act, Actors, Done } from './actors.ts';
import type { PlayerName, StepName } from './cast.ts';
import type { Measurements } from './measurements.ts';

/** The goods in question: what the bay's weigher and counter measure in grams and pallets; money in cents. */
export const goods = {
  scheme: 'sscc',
  label: '340123450000000017',
  gln: '4012345000009',
  zone: 'bay-7',
  description: 'Butter, salted, 25 kg blocks',
  grams: PALLETS * PALLET_KG * 1_000,
  packages: PALLETS,
  /** The goods bear 2 to 10 degrees Celsius. */
  temperature: { leastMilliC: 2_000, mostMilliC: 10_000 },
  currency: 'EUR',
  /** Cents for one tonne. */
  pricePerTonne: 520_000,
  loan: 3_000_000,
  /** Interest and costs stay within the loan's limit as well. */
  principal: 2_900_000,
  interest: 15_000,
  costs: 5_000,
} as const;

export interface StepReport {
  readonly step: StepName;
  readonly text: string;
  readonly signers: readonly string[];
  readonly height?: number;
  readonly ms?: number;
}

export interface StoryHooks {
  /** Ids of the players' parties and of the goods, hex. */
  readonly parties: { readonly [N in PlayerName]: string };
  readonly unit: string;
  readonly actors: Actors;
  readonly measurements: Measurements;
  /** Before a step begins: the place for a fault. */
  before(step: StepName): Promise<void>;
  after(report: StepReport): void;
  /** Keeps a proof bundle under a name; verified before it is kept. */
  keepBundle(name: string, bundle: Uint8Array): Promise<void>;
  /** Enrols the gateway and the sensors. */
  enrol(): Promise<StepReport>;
  /** From now on the goods grow warm. */
  failCooling(): Promise<void>;
  /** Streams readings while the pledge is watched. */
  watch(): Promise<StepReport>;
}

export interface StoryResult {
  readonly loan: string;
  readonly pledge: string;
  readonly doublePledge: { readonly refused: boolean; readonly code: string; readonly winner: string };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export async function tellStory(hooks: StoryHooks): Promise<StoryResult> {
  const { parties, unit, actors, measurements } = hooks;
  const { grams, packages, currency } = goods;

  const step = async (name: StepName, text: string, act: Act, begun = false): Promise<Done> => {
    if (!begun) await hooks.before(name);
    const done = await actors.succeed(act);
    hooks.after({ step: name, text, signers: act.signers, height: done.height, ms: done.ms });
    return done;
  };
  const bundle = async (name: string, holder: PlayerName, path: string): Promise<void> =>
    hooks.keepBundle(name, await actors.client(holder).bytes(path));

  await hooks.before('enrol');
  hooks.after(await hooks.enrol());

  const count = await measurements.weighAndCount();
  const registered = await step(
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
  await bundle('1-registration', 'enterprise', `/v1/vertices/${registered.vertex}/bundle`);
  await hooks.keepBundle('2-weight-reading', count.bundle);

  const receipt = await step('receipt', 'warehouse receipt issued to the enterprise', {
    transition: 'issue-receipt',
    args: { unit, quantity: grams, packages, ...receiptTerms(Date.now()) },
    signers: ['warehouse', 'monitor-a', 'enterprise'],
  });

  // The enterprise asks two banks at once; only one of them will get the goods.
  const banks = ['bank-a', 'bank-b'] as const;
  const orders = await both(banks, (bank) => ({
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
  const loans = await both(
    banks,
    (bank) => ({
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
    }),
    'apply',
    'loan applied for at Bank A and Bank B',
  );
  const grants = await both(
    banks,
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
    'authorise',
    'monitor may disclose to the banks, with the enterprise’s consent',
  );
  const fresh = await measurements.weighAndCount();
  const statuses = await both(
    banks,
    (bank) => ({
      transition: 'supply-status',
      args: {
        ...{ grant: grants[bank].callId, unit, evidence: fresh.proofs, orderReceipt: orders[bank].callId },
        ...{ asOf: fresh.finalTime, condition: 'as registered' },
      },
      signers: ['monitor-a'],
    }),
    'status',
    'status supplied: weighed and counted again, with proofs',
  );
  await bundle('3-status', 'bank-a', `/v1/objects/status/${statuses['bank-a'].callId}/bundle`);
  await bundle('4-order-receipt', 'bank-a', `/v1/objects/order-receipt/${orders['bank-a'].callId}/bundle`);
  const evaluations = await both(
    banks,
    (bank) => ({
      transition: 'evaluate',
      args: {
        loan: loans[bank].callId,
        evaluator: parties[bank],
        ...valuation(statuses[bank].callId, Date.now()),
      },
      signers: [bank],
    }),
    'evaluate',
    'goods valued by each bank',
  );
  await both(
    banks,
    (bank) => ({
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
    }),
    'approve',
    `limit ${goods.loan / 100} ${currency} approved`,
  );

  await hooks.before('search');
  await bundle('5-search-no-pledge', 'bank-a', `/v1/search/${goods.scheme}/${goods.label}/bundle`);
  hooks.after({
    step: 'search',
    text: 'encumbrance search: no pledge on this unit, proved by absence',
    signers: [],
  });

  const reserved = { unit, quantity: grams, receipt: receipt.callId, ceiling: goods.loan };
  const pledge = await step('pledge', 'pledge agreed with Bank A, goods reserved', {
    transition: 'agree-pledge',
    args: { ...reserved, loan: loans['bank-a'].callId },
    signers: ['enterprise', 'bank-a'],
  });
  const atPerfection = await measurements.weighAndCount();
  await step('perfect', 'pledge perfected: monitor and warehouse attorn, receipt control moves to Bank A', {
    transition: 'perfect-pledge',
    args: { pledge: pledge.callId, evidence: atPerfection.proofs },
    signers: ['monitor-a', 'warehouse', 'bank-a'],
  });
  await bundle('6-pledge', 'bank-a', `/v1/objects/pledge/${pledge.callId}/bundle`);
  await bundle(
    '7-no-other-pledge',
    'bank-a',
    `/v1/search/${goods.scheme}/${goods.label}/bundle?except=${pledge.callId}`,
  );
  await step('draw', `${goods.principal / 100} ${currency} drawn`, {
    transition: 'draw',
    args: {
      loan: loans['bank-a'].callId,
      principal: goods.principal,
      interest: goods.interest,
      costs: goods.costs,
      reference: 'SEPA 2026-0001',
    },
    signers: ['bank-a', 'enterprise'],
  });

  await hooks.before('monitoring');
  hooks.after(await hooks.watch());

  await hooks.before('breach');
  await hooks.failCooling();
  const breach = await measurements.breach();
  const warned = await step(
    'breach',
    `warning: ${breach.text}; the cure period runs`,
    {
      transition: 'warn',
      args: { pledge: pledge.callId, trigger: breach.trigger, evidence: [breach.proof] },
      signers: ['monitor-a'],
    },
    true,
  );
  await bundle('8-warning', 'bank-a', `/v1/vertices/${warned.vertex}/bundle`);
  await hooks.keepBundle('9-breach-reading', breach.bundle);

  await hooks.before('double-pledge');
  const rivalSigners = ['enterprise', 'bank-b'] as const;
  const rival = await actors.perform({
    transition: 'agree-pledge',
    args: { ...reserved, loan: loans['bank-b'].callId },
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
  await bundle('10-second-pledge-refused', 'bank-b', `/v1/vertices/${rival.vertex}/bundle`);

  await step('repay', 'loan repaid: costs, interest, principal', {
    transition: 'repay',
    args: {
      loan: loans['bank-a'].callId,
      payer: parties.enterprise,
      currency,
      amount: goods.principal + goods.interest + goods.costs,
      reference: 'SEPA 2026-0002',
    },
    signers: ['enterprise', 'bank-a'],
  });
  const released = await step('release', 'pledge released, receipt back to the enterprise', {
    transition: 'release',
    args: { pledge: pledge.callId, waived: false },
    signers: ['bank-a'],
  });
  await bundle('11-release', 'enterprise', `/v1/vertices/${released.vertex}/bundle`);
  await bundle('12-free-again', 'bank-b', `/v1/search/${goods.scheme}/${goods.label}/bundle`);

  return {
    loan: loans['bank-a'].callId,
    pledge: pledge.callId,
    doublePledge: { refused, code: rival.code, winner: rival.conflict },
  };

  /** The same act for each bank, at the same time; told as one step where it has a name. */
  async function both<B extends PlayerName>(
    names: readonly B[],
    act: (bank: B) => Act,
    name: StepName = 'order',
    text = 'order receipts recorded',
  ) {
    await hooks.before(name);
    const acts = names.map(act);
    const done = await Promise.all(acts.map((entry) => actors.succeed(entry)));
    const signers = [...new Set(acts.flatMap((entry) => entry.signers))];
    hooks.after({
      step: name,
      text,
      signers,
      height: Math.max(...done.map((entry) => entry.height)),
      ms: Math.max(...done.map((entry) => entry.ms)),
    });
    return Object.fromEntries(names.map((bank, i) => [bank, done[i]!])) as { [N in B]: Done };
  }
}

function receiptTerms(nowMs: number): { [field: string]: Json } {
  return {
    ...{
      specification: '82 % fat, 25 kg blocks',
      quality: 'first',
      marks: 'BU 1-24',
      issuePlace: 'Hall 6',
      permittedLossBp: 10,
    },
    ...{ storageFrom: nowMs, storageUntil: nowMs + 180 * DAY_MS, charges: 'EUR 4.20 per tonne and month' },
    ...{
      lienAmount: 0,
      lienCurrency: '',
      insurer: 'Harbour Mutual',
      insuredAmount: 6_000_000,
      insuredCurrency: 'EUR',
    },
    ...{
      insuredFrom: nowMs - DAY_MS,
      insuredUntil: nowMs + 365 * DAY_MS,
      delivery: 'order',
      deliverTo: 'order of depositor',
    },
    ...{ commingling: false, issuerInterest: 'none' },
  };
}

function valuation(status: string, nowMs: number): { [field: string]: Json } {
  return {
    lines: [{ status, quantity: goods.grams, price: goods.pricePerTonne, pricedQuantity: 1_000_000 }],
    ...{
      priceTime: nowMs - 60_000,
      fxNumerator: 1,
      fxDenominator: 1,
      haircutBp: 500,
      fxHaircutBp: 0,
      loanToValueBp: 6_000,
    },
  };
}
