/** The one table of codes. A refusal anywhere, on the wire, in a contract or at the API, carries one of these. */

export const codes = {
  // An outcome that is no refusal.
  OK: 'took effect',

  // Bytes and vertices: a vertex refused with one of these never enters the DAG.
  E_ENC: 'bytes are not the one canonical encoding of the expected shape',
  E_LIMIT_BYTES: 'larger than its limit',
  E_SUITE: 'another signature suite than the network uses',
  E_NETWORK: 'made for another network',
  E_SIG: 'a signature is missing or does not verify',
  E_KEY_UNKNOWN: 'the key is not enrolled at the checkpoint it cites',
  E_CHAIN: 'does not continue its author’s chain',
  E_CHECKPOINT: 'cites a checkpoint that is unknown, or older than its ancestors’',
  E_PARENTS: 'parents are not ascending, repeated, or too many',
  E_PAYLOAD: 'the payload is not the one that the vertex commits to',
  E_BATCH: 'a batch of readings that is not sorted, or not what its summary says',
  E_UNKNOWN: 'not known here',
  E_PARKED: 'waits for ancestors that are not here yet',
  E_ALLOWANCE: 'over the allowance of its sender or author; try again later',
  E_FULL: 'a bounded queue here is full; try again later',

  // Outcomes of confirmed vertices that carry no contract call, or whose author may not act.
  E_FORK: 'another branch of its author’s chain took effect first; the key is suspended',
  E_KEY_REVOKED: 'the key was revoked before this position',
  E_KEY_SUSPENDED: 'the key was suspended before this position',

  // Contracts, common to every transition (semantics §1).
  E_SCHEMA: 'a field is missing, malformed or out of range',
  E_ROLE: 'a required party did not sign, or does not have the role',
  E_REPLAY: 'this call, this nonce of its signer, or this counter was used before',
  E_STATE: 'the object is not in a state that allows this',
  E_SCOPE: 'outside the scope of a live grant',
  E_STALE: 'older than the greatest age allowed',
  E_POLICY: 'the network’s policy forbids it',
  E_RANGE: 'arithmetic left the range of exact integers',
  E_NOT_FOUND: 'names an object that does not exist',
  E_EXPIRED: 'its deadline passed before this position',

  // Contracts, transition by transition (semantics §5).
  E_CREDENTIAL: 'a credential is invalid, or the new key did not prove itself',
  E_ID_INVALID: 'an identifier’s check digits are wrong',
  E_ID_LIVE: 'the identifier belongs to a live object already',
  E_EVIDENCE: 'evidence is missing, does not verify, or does not agree',
  E_TITLE: 'the title declaration is missing',
  E_RECEIPT_FIELDS: 'a mandatory field of the receipt is empty',
  E_OVERISSUE: 'more than is registered and not yet receipted',
  E_NO_CONSENT: 'the enterprise did not consent, or may no longer revoke',
  E_PRICE_STALE: 'the price is older than allowed',
  E_INELIGIBLE: 'the goods are not eligible',
  E_LIMIT: 'above the limit that the evaluation supports',
  E_ENCUMBERED: 'the goods carry another pledge already',
  E_INSUFFICIENT: 'less free quantity than asked',
  E_NO_CONTROL: 'the custodian or the monitor has not attorned',
  E_AFFILIATE: 'the monitor or the custodian is controlled by the enterprise',
  E_RECEIPT_OUT: 'control of the receipt has not moved to the bank',
  E_REGISTRATION: 'the governing law needs a registration that is missing',
  E_FUNDS: 'the payment is not shown',
  E_CURRENCY: 'paid in another currency than the debt',
  E_DEBT: 'secured debt remains',

  // Checkpoints, votes, proofs.
  E_HEADER: 'the header breaks a rule or does not follow its predecessor',
  E_CERTIFICATE: 'fewer than q valid signatures of distinct seats',
  E_PROOF: 'a proof does not lead to its root',
  E_VOTE: 'the vote is not one that its seat may cast here',

  // The gateway's intake.
  E_DEVICE_UNKNOWN: 'the device is not enrolled',
  E_UNIT: 'the unit or the quantity is not one the model knows',
  E_COUNTER: 'the counter is missing or was used before',

  // Connections.
  E_PEER: 'the peer’s key is not enrolled',

  // This node.
  E_SILENT: 'this node was restored, and says nothing until it knows what it may have said',

  // Evidence against seats.
  E_NOT_SEAT: 'the key has no seat in the committee named, or no such committee is known',
  E_OFFENCE_KNOWN: 'an offence of this key at this height is on record already',

  // Contracts, the rest of semantics §5.
  E_NOT_CONTROLLER: 'who controls the goods or the receipt did not sign',
  E_SUM: 'parts do not add up to the whole',
  E_NO_RELEASE: 'pledged goods leave only under a live release order',
  E_BELOW_LINE: 'the pool would fall below a line',
  E_FROZEN:
    'the goods, the credit limit or the account are frozen, or a warning about their quantity is open',
  E_MISMATCH: 'seal, weight or count do not match',
  E_HANDOVER: 'both custodians must sign, with seal and route',
  E_COVER: 'the cover would be less than required',
  E_NOT_DUE: 'the time for it has not come',
  E_NOT_CURED: 'the cause is not shown to be removed',
  E_NO_NOTICE: 'notice is not proved',
  E_CURE_OPEN: 'the cure period still runs',
  E_NOTICE: 'the notice is missing, of something else, or too recent',
  E_BID: 'lower than what is asked, or than another bid',
  E_FORFEIT: 'the pledgee takes goods only with consent given after default, at an appraised value',
  E_STANDING: 'the party has no part in this file',
  E_GAP: 'the new monitor’s attornment leaves a gap',
  E_PVP_TIMEOUT: 'the locks or the quote have expired',
  E_NOT_HOLDER: 'the party does not hold the bill, or the loan',
  E_PARTIAL: 'a bill passes for its whole sum only',
  E_EARLY: 'before its due date',
  E_PAID: 'it is paid already',
  E_NO_PRESENT: 'it was not presented',
  E_NO_OWNER: 'the party is not the owner',
  E_MANDATE: 'the mandate asks for the second key as well',
  E_DEVICE_STATE: 'the device is not active and healthy',
  E_PEER_KEY: 'another key than the peer’s answers at its address',

  // What of a mandate's six limits a payment would break.
  E_MANDATE_PAYEE: 'the mandate names no such payee',
  E_MANDATE_CONTENT: 'the mandate names no such content, or is for other things to do',
  E_MANDATE_TIME: 'outside the mandate’s time, or its hours of the day',
  E_MANDATE_MEANS: 'the mandate names no such account, or no such goods to pledge',
  E_MANDATE_AMOUNT: 'more than the mandate allows one payment, or has left in its window',
  E_MANDATE_FREQUENCY: 'the mandate’s window holds as many payments as it may',
  E_ROUTE: 'no open account of the thing leads to this payment',

  // The policy pack.
  E_BLOCKED: 'the policy pack in force blocks a party, or who controls it',
  E_KYC: 'the policy pack in force demands that the borrower is known, and nobody states it',
  E_EXPOSURE: 'the borrower would owe more than the policy pack in force allows',

  // What a call may cost.
  E_STEPS: 'the call takes more steps than one call may',
} as const;

export type Code = keyof typeof codes;

/** Stable numbers of the codes inside outcome leaves: position in this table. Append only. */
const codeNames = Object.keys(codes) as Code[];
const codeNumbers = new Map(codeNames.map((code, number) => [code, number]));

export function codeNumber(code: Code): number {
  return codeNumbers.get(code)!;
}

export function codeOf(number: number): Code | undefined {
  return codeNames[number];
}
