/**
 * External identifiers (semantics §2): syntax and check digits. Each check answers with the defect, or `undefined`
 * when there is none. One spelling per thing, since the spelling decides the object's place in the state.
 */

/** GS1 element-string characters ("character set 82"). */
const gs1Characters = '[!"%-/0-9:;<=>?A-Z_a-z]';
const giaiPattern = new RegExp(`^${gs1Characters}{1,30}$`);
const lotPattern = new RegExp(`^[0-9]{14}/${gs1Characters}{1,20}$`);

/** Legal entity identifier, ISO 17442: 18 characters and two check digits, MOD 97-10. */
export function checkLei(text: string): string | undefined {
  if (!/^[0-9A-Z]{18}[0-9]{2}$/.test(text)) return 'expected 18 digits or capitals and two check digits';
  let remainder = 0;
  // A letter counts as the two digits 10 to 35.
  for (const digit of Array.from(text, (character) => Number.parseInt(character, 36)).join('')) {
    remainder = (remainder * 10 + Number(digit)) % 97;
  }
  return remainder === 1 ? undefined : 'check digits are wrong (MOD 97-10)';
}

/** Global location number: 13 digits, the last a check digit. */
export const checkGln = (text: string): string | undefined => checkGs1Digits(text, 13);

/** Serial shipping container code: 18 digits, the last a check digit. */
export const checkSscc = (text: string): string | undefined => checkGs1Digits(text, 18);

/** Global trade item number, always in its 14-digit form, so that one item has one spelling. */
export const checkGtin = (text: string): string | undefined => checkGs1Digits(text, 14);

/** A fungible lot: `GTIN/lot`, the lot in 1 to 20 GS1 characters. */
export function checkLot(text: string): string | undefined {
  if (!lotPattern.test(text)) return 'expected a 14-digit GTIN, "/", and a lot of 1 to 20 GS1 characters';
  return checkGtin(text.slice(0, 14));
}

/** Global individual asset identifier: 1 to 30 GS1 characters; uniqueness is the ledger's part. */
export function checkGiai(text: string): string | undefined {
  return giaiPattern.test(text) ? undefined : 'expected 1 to 30 GS1 characters';
}

/** What a label is checked with, by its scheme. */
export const labelChecks = { lei: checkLei, sscc: checkSscc, lot: checkLot, giai: checkGiai } as const;

/** A device as its frames name it: a GIAI (which an EUI-64 in hexadecimal is too), or a URN. */
export function checkDeviceIdentifier(text: string): string | undefined {
  return /^urn:[0-9A-Za-z:._-]{1,60}$/.test(text) ? undefined : checkGiai(text);
}

/** A commercial order as its parties number it. */
export function checkOrder(text: string): string | undefined {
  return /^[0-9A-Z][0-9A-Z./_-]{0,39}$/i.test(text)
    ? undefined
    : 'expected 1 to 40 letters, digits or . / _ -';
}

/** Currency, ISO 4217: three capitals. Which of them exist is not checked. */
export function checkCurrency(text: string): string | undefined {
  return /^[A-Z]{3}$/.test(text) ? undefined : 'expected three capitals (ISO 4217)';
}

/** GS1 modulo 10: from the right, the check digit first, weights 1, 3, 1, 3, … sum to a multiple of ten. */
function checkGs1Digits(text: string, length: number): string | undefined {
  if (text.length !== length || !/^[0-9]+$/.test(text)) return `expected ${length} digits`;
  let sum = 0;
  for (let i = 0; i < length; i++) sum += Number(text[length - 1 - i]) * (i % 2 === 0 ? 1 : 3);
  return sum % 10 === 0 ? undefined : 'check digit is wrong (modulo 10)';
}
