/** Every transition of the network. A new one is a new file and one line here. */

import type { Transition } from './transition.ts';
import { acknowledgePayment } from './transitions/acknowledge-payment.ts';
import { agreePledge } from './transitions/agree-pledge.ts';
import { apply, withdraw } from './transitions/application.ts';
import { applyLimit, validateLimit } from './transitions/apply-limit.ts';
import { assignLoan } from './transitions/assign-loan.ts';
import { authorise, revokeGrant } from './transitions/authorise.ts';
import { correctReading } from './transitions/correct-reading.ts';
import { lapseCredit, openCredit, presentDocuments } from './transitions/credits.ts';
import { cure } from './transitions/cure.ts';
import { decide } from './transitions/decide.ts';
import { declareDefault, waiveDefault } from './transitions/default.ts';
import { discountBill } from './transitions/discount-bill.ts';
import { dishonourBill, refuseBill } from './transitions/dishonour-bill.ts';
import { decideDispute, raiseDispute } from './transitions/disputes.ts';
import { distribute } from './transitions/distribute.ts';
import { draw } from './transitions/draw.ts';
import { endorseBill } from './transitions/endorse-bill.ts';
import { appropriate, bid, enforce } from './transitions/enforce.ts';
import { enrolDevice, enrolKey, enrolParty } from './transitions/enrol.ts';
import { evaluate } from './transitions/evaluate.ts';
import { expire } from './transitions/expire.ts';
import { freeze } from './transitions/freeze.ts';
import { freezeLimit, thawLimit } from './transitions/freeze-limit.ts';
import { callGuarantee, issueGuarantee, lapseGuarantee } from './transitions/guarantees.ts';
import { handOver } from './transitions/hand-over.ts';
import { claimDevice, reportCopy, resolveClaim } from './transitions/identity.ts';
import { acceptBill, issueBill } from './transitions/issue-bill.ts';
import { issueReceipt } from './transitions/issue-receipt.ts';
import { giveMandate, narrowMandate, revokeMandate } from './transitions/mandate.ts';
import { callMargin, closeCall, topUpCash, topUpGoods } from './transitions/margin.ts';
import { measureLimit } from './transitions/measure-limit.ts';
import { mergeReceipts } from './transitions/merge-receipts.ts';
import { endLimit, modifyLimit } from './transitions/modify-limit.ts';
import { closeAccount, issueMoney, redeemMoney } from './transitions/money.ts';
import { moveIn } from './transitions/move-in.ts';
import { moveOut } from './transitions/move-out.ts';
import { acknowledgeNotice, attemptNotice, giveNotice } from './transitions/notices.ts';
import { openAccount } from './transitions/open-account.ts';
import { stateOrder } from './transitions/order-receipt.ts';
import { payBill, presentBill } from './transitions/pay-bill.ts';
import { payByThing } from './transitions/pay-by-thing.ts';
import { perfectPledge } from './transitions/perfect-pledge.ts';
import { pledgeByThing } from './transitions/pledge-by-thing.ts';
import { revokeKyc, stateKyc, statePolicy } from './transitions/policy.ts';
import { claimRecourse, payRecourse } from './transitions/recourse.ts';
import { registerGoods } from './transitions/register-goods.ts';
import { release, releasePaid } from './transitions/release.ts';
import { releasePart } from './transitions/release-part.ts';
import { repay, writeOff } from './transitions/repay.ts';
import { repayExchanged } from './transitions/repay-exchanged.ts';
import { replaceMonitor } from './transitions/replace-monitor.ts';
import { reportLoss } from './transitions/report-loss.ts';
import { requestStatus } from './transitions/request-status.ts';
import { revokeDevice, revokeKey } from './transitions/revoke.ts';
import { endEpoch, nameSeats } from './transitions/seats.ts';
import { commitSeed, revealSeed } from './transitions/seeds.ts';
import { cancelReceipt, splitReceipt } from './transitions/split-receipt.ts';
import { bond, electDelegate, releaseStake, transferStake, unbond } from './transitions/stake.ts';
import { statePrice } from './transitions/state-price.ts';
import { substitute } from './transitions/substitute.ts';
import { supplyStatus } from './transitions/supply-status.ts';
import { resumeMandate, suspendMandate, suspendOnWarning } from './transitions/suspend-mandate.ts';
import { lockLeg, openSwap, refundSwap, settleSwap } from './transitions/swaps.ts';
import { drawByThing, repayByThing } from './transitions/thing-credit.ts';
import { buyByThing, sellByThing } from './transitions/thing-investment.ts';
import { trancheLoan, transferTranche } from './transitions/tranches.ts';
import { transferReceipt, transferTitle } from './transitions/transfer.ts';
import { transferThing } from './transitions/transfer-thing.ts';
import { drawLimit, repayLimit } from './transitions/use-limit.ts';
import { agreeTriggers, recordPulse, warn, warnDue } from './transitions/warn.ts';
import { measureZone, stateZone } from './transitions/zones.ts';

/** The calls about seats and stake: no part of the pledges' story. docs/spec/committee.md. */
export const seatCalls = [
  nameSeats,
  endEpoch,
  transferStake,
  bond,
  unbond,
  releaseStake,
  electDelegate,
  commitSeed,
  revealSeed,
] as const;

/** In the order of semantics §5. */
const declared = [
  enrolParty,
  enrolKey,
  enrolDevice,
  revokeKey,
  revokeDevice,
  statePolicy,
  stateKyc,
  revokeKyc,
  claimDevice,
  reportCopy,
  resolveClaim,
  ...seatCalls,
  stateZone,
  measureZone,
  registerGoods,
  issueReceipt,
  stateOrder,
  transferTitle,
  transferReceipt,
  splitReceipt,
  mergeReceipts,
  cancelReceipt,
  moveIn,
  moveOut,
  handOver,
  reportLoss,
  apply,
  withdraw,
  authorise,
  revokeGrant,
  requestStatus,
  supplyStatus,
  statePrice,
  evaluate,
  decide,
  applyLimit,
  validateLimit,
  modifyLimit,
  freezeLimit,
  thawLimit,
  endLimit,
  measureLimit,
  drawLimit,
  repayLimit,
  agreePledge,
  perfectPledge,
  draw,
  releasePart,
  substitute,
  callMargin,
  topUpCash,
  topUpGoods,
  closeCall,
  repay,
  repayExchanged,
  writeOff,
  release,
  releasePaid,
  expire,
  agreeTriggers,
  recordPulse,
  warn,
  warnDue,
  freeze,
  cure,
  giveNotice,
  attemptNotice,
  acknowledgeNotice,
  declareDefault,
  waiveDefault,
  enforce,
  bid,
  appropriate,
  distribute,
  raiseDispute,
  decideDispute,
  correctReading,
  replaceMonitor,
  assignLoan,
  trancheLoan,
  transferTranche,
  openSwap,
  lockLeg,
  settleSwap,
  refundSwap,
  openCredit,
  presentDocuments,
  lapseCredit,
  issueGuarantee,
  callGuarantee,
  lapseGuarantee,
  issueBill,
  acceptBill,
  endorseBill,
  discountBill,
  presentBill,
  payBill,
  refuseBill,
  dishonourBill,
  claimRecourse,
  payRecourse,
  issueMoney,
  redeemMoney,
  closeAccount,
  openAccount,
  transferThing,
  giveMandate,
  narrowMandate,
  revokeMandate,
  payByThing,
  drawByThing,
  repayByThing,
  pledgeByThing,
  buyByThing,
  sellByThing,
  acknowledgePayment,
  suspendMandate,
  suspendOnWarning,
  resumeMandate,
] as const;

/** By name. Arguments are checked against the transition's own schema before it sees them. */
export const transitions: ReadonlyMap<string, Transition<unknown>> = new Map(
  declared.map((entry) => [entry.name, entry as unknown as Transition<unknown>]),
);
