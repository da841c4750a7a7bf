/**
 * The ZIP-215 verifier in WebAssembly `[SIG-1]`, as the rest of the program sees it: docs/spec/signatures.md. One
 * instance serves one thread, has 4 MB of memory of its own, most of it for kept keys and untouched until they come, knows
 * no secrets, and does no I/O.
 */

import { fromHex } from '../../codec/bytes.ts';
import { binaryHex } from './binary.ts';
import { compile, compileNow, instantiate } from './webassembly.ts';

export interface SignedMessage {
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** `length` bytes that nobody outside could foresee. */
export type RandomBytes = (length: number) => Uint8Array;

export interface BatchVerifier {
  /** The verdict of ZIP-215, yes or no, for any bytes. */
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  /**
   * Whether all items verify; a batch with a bad one passes with a chance of 2^-128. `random` is asked for 16 bytes
   * an item, once the items are here; constant or missing randomness is a TypeError.
   */
  verifyBatch(items: readonly SignedMessage[], random: RandomBytes): boolean;
  /**
   * Positions of the items that do not verify, ascending. A batch that fails is gone through singly, at three to
   * five times its cost: so a batch should hold what one peer sent, and the peer pays.
   */
  findInvalid(items: readonly SignedMessage[], random: RandomBytes): number[];
}

/** For Node and for workers, anywhere; ready at once. */
export function makeBatchVerifier(): BatchVerifier {
  return drive(instantiate(compileNow(readBinary())) as Module);
}

/** For a browser's main thread. */
export async function loadBatchVerifier(): Promise<BatchVerifier> {
  return drive(instantiate(await compile(readBinary())) as Module);
}

function readBinary(): Uint8Array {
  return fromHex(binaryHex)!;
}

/** What assembly/verifier.ts exports. */
interface Module {
  readonly memory: { readonly buffer: ArrayBuffer };
  itemAt(): number;
  partAt(): number;
  partMax(): number;
  coefficientsAt(): number;
  itemsMax(): number;
  prepare(): void;
  openBatch(): void;
  openItem(): void;
  absorbPart(length: number): void;
  closeItem(): number;
  readPoint(index: number): number;
  readPoints(): number;
  hasPoint(index: number): number;
  checkItem(index: number): number;
  checkBatch(): number;
}

const COEFFICIENT_BYTES = 16;
const NOT_ENLISTED = -1;

/** Methods that can be handed on by themselves. */
function drive(module: Module): BatchVerifier {
  const [itemAt, partAt, coefficientsAt] = [module.itemAt(), module.partAt(), module.coefficientsAt()];
  const [partMax, itemsMax] = [module.partMax(), module.itemsMax()];
  // Memory never grows, so the view stays good.
  const memory = new Uint8Array(module.memory.buffer);
  module.prepare();

  /** Whether the module took the item: lengths, S and the key are as they must be. */
  function enlist(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
    if (signature.length !== 64 || publicKey.length !== 32) return false;
    memory.set(signature, itemAt);
    memory.set(publicKey, itemAt + 64);
    module.openItem();
    for (let at = 0; at < message.length; at += partMax) {
      const part = message.length <= partMax ? message : message.subarray(at, at + partMax);
      memory.set(part, partAt);
      module.absorbPart(part.length);
    }
    return module.closeItem() === 1;
  }

  function checkBatch(coefficients: Uint8Array): boolean {
    memory.set(coefficients, coefficientsAt);
    const verdict = module.checkBatch();
    if (verdict < 0) throw new TypeError('"random" gave coefficients that are 0 or repeat');
    return verdict === 1;
  }

  /** Positions in `items`, which fit into one batch, of those that do not verify. */
  function findInvalidIn(items: readonly SignedMessage[], random: RandomBytes): number[] {
    const coefficients = drawCoefficients(random, items.length);
    module.openBatch();
    let enlisted = 0;
    const numbers = items.map(({ signature, message, publicKey }) =>
      enlist(signature, message, publicKey) ? enlisted++ : NOT_ENLISTED,
    );
    module.readPoints();
    const allHold = checkBatch(coefficients);
    const invalid: number[] = [];
    let failed = false;
    for (const [position, number] of numbers.entries()) {
      const isSummed = number !== NOT_ENLISTED && module.hasPoint(number) === 1;
      const fails = isSummed && !allHold && module.checkItem(number) !== 1;
      failed ||= fails;
      if (fails || !isSummed) invalid.push(position);
    }
    // Items that hold add up to a point of small order, whatever the coefficients.
    if (!allHold && !failed) throw new Error('a batch failed of which every item verifies');
    return invalid;
  }

  return {
    verify: (signature, message, publicKey) => {
      module.openBatch();
      if (!enlist(signature, message, publicKey)) return false;
      return module.readPoint(0) === 1 && module.checkItem(0) === 1;
    },
    verifyBatch: (items, random) => {
      for (let from = 0; from < items.length; from += itemsMax) {
        const batch = items.slice(from, from + itemsMax);
        const coefficients = drawCoefficients(random, batch.length);
        module.openBatch();
        for (const { signature, message, publicKey } of batch)
          if (!enlist(signature, message, publicKey)) return false;
        if (module.readPoints() !== batch.length || !checkBatch(coefficients)) return false;
      }
      return true;
    },
    findInvalid: (items, random) => {
      const invalid: number[] = [];
      for (let from = 0; from < items.length; from += itemsMax)
        for (const at of findInvalidIn(items.slice(from, from + itemsMax), random)) invalid.push(from + at);
      return invalid;
    },
  };
}

function drawCoefficients(random: RandomBytes, count: number): Uint8Array {
  const length = COEFFICIENT_BYTES * count;
  const bytes: unknown = random(length);
  if (bytes instanceof Uint8Array && bytes.length === length) return bytes;
  throw new TypeError(
    `"random" expected to give ${length} bytes, got ${(bytes as Uint8Array | undefined)?.length}`,
  );
}
