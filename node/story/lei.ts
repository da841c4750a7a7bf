/** LEIs with right check digits, of nobody: for parties of simulated and demonstrated networks. */

const LEI_PREFIX = '54930000000000';

/** ISO 17442: the two last digits make the whole 1 modulo 97. `number`: 0 to 9,999. */
export function makeLei(number: number): string {
  const stem = `${LEI_PREFIX}${String(number).padStart(4, '0')}`;
  return `${stem}${String(98n - ((BigInt(stem) * 100n) % 97n)).padStart(2, '0')}`;
}
