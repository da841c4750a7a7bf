/** For each code that the API can answer with: its HTTP status, and what would make the request pass. */

import type { Code } from '../../consensus/codec/codes.ts';

export interface Remedy {
  readonly status: number;
  readonly remedy: string;
}

const wrong = (remedy: string): Remedy => ({ status: 400, remedy });
const forbidden = (remedy: string): Remedy => ({ status: 403, remedy });
const conflict = (remedy: string): Remedy => ({ status: 409, remedy });
const unfit = (remedy: string): Remedy => ({ status: 422, remedy });
const later = (status: number, remedy: string): Remedy => ({ status, remedy });

const table: { readonly [C in Exclude<Code, 'OK'>]: Remedy } = {
  E_ENC: wrong('Send the call exactly as this API or another node’s gave it.'),
  E_LIMIT_BYTES: { status: 413, remedy: 'Send less: fewer readings as evidence, or shorter texts.' },
  E_SUITE: wrong('Compose the call at a node of this network.'),
  E_NETWORK: wrong('Compose the call at a node of this network.'),
  E_SIG: wrong('Take out the signature named, or let its owner sign this very call again.'),
  E_PAYLOAD: wrong('Send the call exactly as it was composed: its parts are committed to.'),
  E_SCHEMA: wrong('Correct the field named; GET /v1/transitions shows every field with its limits.'),
  E_ID_INVALID: wrong('Check the identifier for a slip: its check digits do not fit.'),
  E_EXPIRED: wrong('Compose the call again, with a later deadline.'),

  E_CREDENTIAL: {
    status: 401,
    remedy:
      'At the API: send the header “Authorization: Bearer <token>” with the token in the node’s token file. In a call: let the key that the facts name be proved fit, or countersigned, as they say.',
  },
  E_ROLE: forbidden(
    'Let the party named sign as well, by a key of its own; or act for a party that has the role.',
  ),
  E_SCOPE: forbidden('Ask for a grant (transition authorise) that covers this, or ask a party of the file.'),
  E_NO_CONSENT: forbidden('Let the enterprise sign as well.'),
  E_KEY_UNKNOWN: forbidden(
    'Enrol this node’s key first (transition enrol-key), signed by another key of its party.',
  ),
  E_KEY_REVOKED: forbidden('Use another key of the party, or enrol a new one.'),
  E_KEY_SUSPENDED: forbidden('This node’s chain forked and its key is suspended; enrol a new key.'),

  E_NOT_FOUND: { status: 404, remedy: 'Check the id; what is not final yet is not found either.' },
  E_UNKNOWN: { status: 404, remedy: 'Ask again once it is final, or ask a node that holds it.' },

  E_REPLAY: conflict(
    'It, or another call of a signer under its nonce, took effect already; see the vertex named as conflict.',
  ),
  E_STATE: conflict('Bring the object into one of the states wanted, or act on another.'),
  E_ENCUMBERED: conflict('Wait until the pledge named is released, or choose other goods.'),
  E_ID_LIVE: conflict('Use the object that has this identifier, or end it first.'),
  E_RECEIPT_OUT: conflict('Deal with the goods through the receipt named.'),
  E_OVERISSUE: conflict('Lower the quantity to what is registered and under no receipt.'),
  E_INSUFFICIENT: conflict('Lower the quantity to what is free.'),
  E_DEBT: conflict('Repay what is owed, or let the bank waive the security.'),
  E_FORK: conflict('Another branch of the author’s chain took effect first.'),

  E_STALE: unfit('Supply it anew: it is older than the policy allows.'),
  E_PRICE_STALE: unfit('Use a price not older than the policy allows.'),
  E_POLICY: unfit('Stay within the network’s policy (genesis).'),
  E_OPENING: unfit('Open the message with the key that it was sealed to, and show the opening in it.'),
  E_STEPS: unfit('Do it in several calls, with less evidence or fewer objects each.'),
  E_RANGE: unfit('Use numbers within the range that is named; every result must be an exact integer.'),
  E_EVIDENCE: unfit('Cite recent final readings of enrolled devices that agree with what is stated.'),
  E_TITLE: unfit('Let the owner sign: that is the title declaration.'),
  E_RECEIPT_FIELDS: unfit('Fill the field named: no field of a receipt may be empty.'),
  E_INELIGIBLE: unfit('Name goods that the reason does not exclude.'),
  E_LIMIT: unfit('Stay within the limit named.'),
  E_NO_CONTROL: unfit('Let monitor and custodian sign: that is their attornment.'),
  E_AFFILIATE: unfit('Choose a monitor and a custodian that the enterprise does not control.'),
  E_REGISTRATION: unfit('Register first where the governing law asks for it.'),
  E_FUNDS: unfit('Name the payment.'),
  E_CURRENCY: unfit('Pay in the currency of the debt.'),

  E_NOT_CONTROLLER: forbidden('Let whoever controls the goods or the receipt sign as well.'),
  E_STANDING: forbidden('Let a party of the file act.'),
  E_NOT_HOLDER: forbidden('Let the holder sign as well.'),
  E_NO_OWNER: forbidden('Let the owner sign as well.'),
  E_SUM: unfit('Correct the parts: they must add up to the whole.'),
  E_NO_RELEASE: conflict('Ask the pledgee for a release order (transition release-part), and cite it.'),
  E_BELOW_LINE: conflict('Take less, or ask the pledgee to lower the line.'),
  E_FROZEN: conflict(
    'Cure the pledge, close the warning, have the credit limit thawed or the account opened anew first.',
  ),
  E_MISMATCH: unfit('Weigh and count again, and check the seal; report a loss if goods are missing.'),
  E_HANDOVER: unfit('Let both custodians sign; name seal and route.'),
  E_COVER: unfit('Bring more goods or cash, or release less.'),
  E_NOT_DUE: conflict('Wait until the time named has come.'),
  E_NOT_CURED: unfit('Show by fresh readings that the cause is gone.'),
  E_NO_NOTICE: conflict('Give notice first (transition give-notice), and have it proved.'),
  E_CURE_OPEN: conflict('Wait until the cure period named has ended.'),
  E_NOTICE: conflict('Give notice of this, and wait until it has run.'),
  E_BID: conflict('Bid no less than is asked, and more than the best bid so far.'),
  E_FORFEIT: conflict(
    'Sell in public, or get the enterprise’s consent after default and an appraised value.',
  ),
  E_GAP: unfit('Let the new monitor attorn for every pledge of the goods, with a joint count.'),
  E_PVP_TIMEOUT: conflict('Agree the exchange again, with a live quote.'),
  E_PARTIAL: unfit('Pass the bill on for its whole sum.'),
  E_EARLY: conflict('Wait until the bill is due.'),
  E_PAID: conflict('It is settled.'),
  E_NO_PRESENT: conflict('Present the bill first.'),
  E_MANDATE: conflict('Have the mandate’s second device sign as well.'),
  E_MANDATE_PAYEE: conflict('Pay whom the mandate names, or have the owner give another.'),
  E_MANDATE_CONTENT: conflict('Pay for what the mandate names, or have the owner give another.'),
  E_MANDATE_TIME: conflict('Pay within the mandate’s time and hours of the day.'),
  E_MANDATE_MEANS: conflict('Pay from an account that the mandate names.'),
  E_MANDATE_AMOUNT: conflict('Pay less, or wait until the mandate’s window has room.'),
  E_BLOCKED: forbidden('Governance must state a policy pack without the party (transition state-policy).'),
  E_KYC: forbidden('Have a bank or a monitor state that it knows the borrower (transition state-kyc).'),
  E_FEE: conflict('Pay the fees that are owed (transition prepay-fees).'),
  E_EXPOSURE: conflict('Draw less, or have something repaid first.'),
  E_ROUTE: conflict('Pay from an open account of the thing itself (transition open-account).'),
  E_MANDATE_FREQUENCY: conflict('Wait until the mandate’s window has room.'),
  E_DISK: later(503, 'Give it to another node, or raise [store] disk_mb of this one.'),
  E_ZONE: forbidden(
    'Give it to a node of the gateway’s own party, or name the party in [store] batches_of here.',
  ),
  E_DEVICE_STATE: conflict('Use a device that is active and healthy.'),

  // What this API does not say of its own requests: outcomes of vertices, proofs, the gateway's intake, seats.
  E_CHAIN: conflict('Continue the author’s chain from its last vertex.'),
  E_CHECKPOINT: conflict('Cite a checkpoint that the ledger has, no older than the ancestors’.'),
  E_PARENTS: wrong('Name parents ascending, each once, no more than the limit.'),
  E_BATCH: wrong('Sort the frames by device and counter, and summarise what is in them.'),
  E_HEADER: unfit('Take the header from another node, and report this one.'),
  E_CERTIFICATE: unfit('Take the certificate from another node; this one proves nothing.'),
  E_PROOF: unfit('Ask for the proof again, and from another node: this one proves nothing.'),
  E_VOTE: unfit('A seat’s vote is not cast through this API.'),
  E_DEVICE_UNKNOWN: forbidden('Enrol the device first (transition enrol-device).'),
  E_UNIT: wrong('State a quantity and a unit that docs/spec/readings.md lists.'),
  E_COUNTER: conflict('Send each frame once, with a counter that grows.'),
  E_PEER_KEY: forbidden(
    'Correct the peer’s address or key in the configuration: somebody else answers there.',
  ),
  E_PEER: forbidden('Enrol the peer’s key, or connect from an enrolled one.'),
  E_NOT_SEAT: unfit('Name the committee in which the key had a seat.'),
  E_OFFENCE_KNOWN: conflict('Nothing is left to do: the offence is on record.'),

  E_ALLOWANCE: later(429, 'Try again in a few seconds.'),
  E_FULL: later(503, 'Try again in a few seconds.'),
  E_SILENT: later(503, 'Wait: /readyz says what this node still has to hear; or use another node.'),
  E_PARKED: later(503, 'Try again in a few seconds.'),
};

export function remedyOf(code: Code): Remedy {
  return code === 'OK' ? { status: 200, remedy: '' } : table[code];
}
