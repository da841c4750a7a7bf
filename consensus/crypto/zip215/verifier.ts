/**
 * The ZIP-215 verifier in WebAssembly `[SIG-1]`, as the rest of the program sees it: docs/spec/signatures.md. One
 * instance serves one thread, has 1.2 MB of memory of its own, knows no secrets, and does no I/O.
 */

import { fromHex } from '../../codec/bytes.ts';
import { binaryHex } from './binary.ts';
import { compile, compileNow, instantiate, type WasmInstance } from './webassembly.ts';

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
   * Positions of the items that do not verify, ascending. A batch that fails is gone through singly, at five times its
   * cost: so a batch should hold what one peer sent, and the peer pays.
   */
  findInvalid(items: readonly SignedMessage[], random: RandomBytes): number[];
}

/** For Node and for workers, anywhere; ready at once. */
export function makeBatchVerifier(): BatchVerifier {
  return new WasmVerifier(instantiate(compileNow(readBinary())));
}

/** For a browser's main thread. */
export async function loadBatchVerifier(): Promise<BatchVerifier> {
  return new WasmVerifier(instantiate(await compile(readBinary())));
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
  checkItem(index: number): number;
  checkBatch(): number;
}

const COEFFICIENT_BYTES = 16;

class WasmVerifier implements BatchVerifier {
  readonly #module: Module;
  readonly #memory: Uint8Array;
  readonly #itemAt: number;
  readonly #partAt: number;
  readonly #partMax: number;
  readonly #coefficientsAt: number;
  readonly #itemsMax: number;

  constructor({ exports }: WasmInstance) {
    this.#module = exports as unknown as Module;
    // Memory never grows, so the view stays good.
    this.#memory = new Uint8Array(this.#module.memory.buffer);
    this.#itemAt = this.#module.itemAt();
    this.#partAt = this.#module.partAt();
    this.#partMax = this.#module.partMax();
    this.#coefficientsAt = this.#module.coefficientsAt();
    this.#itemsMax = this.#module.itemsMax();
    this.#module.prepare();
  }

  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
    this.#module.openBatch();
    return this.#enlist({ signature, message, publicKey }) && this.#module.checkItem(0) === 1;
  }

  verifyBatch(items: readonly SignedMessage[], random: RandomBytes): boolean {
    for (let from = 0; from < items.length; from += this.#itemsMax) {
      const chunk = items.slice(from, from + this.#itemsMax);
      const coefficients = drawCoefficients(random, chunk.length);
      this.#module.openBatch();
      if (!chunk.every((item) => this.#enlist(item))) return false;
      if (!this.#checkBatch(coefficients)) return false;
    }
    return true;
  }

  findInvalid(items: readonly SignedMessage[], random: RandomBytes): number[] {
    const invalid: number[] = [];
    for (let from = 0; from < items.length; from += this.#itemsMax) {
      const chunk = items.slice(from, from + this.#itemsMax);
      const coefficients = drawCoefficients(random, chunk.length);
      this.#module.openBatch();
      const enlisted: number[] = [];
      for (const [position, item] of chunk.entries()) {
        if (this.#enlist(item)) enlisted.push(from + position);
        else invalid.push(from + position);
      }
      if (this.#checkBatch(coefficients)) continue;
      const found = enlisted.filter((_, index) => this.#module.checkItem(index) !== 1);
      // Terms that are of small order each have a sum of small order, whatever the coefficients.
      if (found.length === 0) throw new Error('a batch failed of which every item verifies');
      invalid.push(...found);
    }
    return invalid.sort((a, b) => a - b);
  }

  /** Whether the module took the item: lengths, S and both points are as they must be. */
  #enlist({ signature, message, publicKey }: SignedMessage): boolean {
    if (signature.length !== 64 || publicKey.length !== 32) return false;
    this.#memory.set(signature, this.#itemAt);
    this.#memory.set(publicKey, this.#itemAt + 64);
    this.#module.openItem();
    for (let at = 0; at < message.length; at += this.#partMax) {
      const part = message.length <= this.#partMax ? message : message.subarray(at, at + this.#partMax);
      this.#memory.set(part, this.#partAt);
      this.#module.absorbPart(part.length);
    }
    return this.#module.closeItem() === 1;
  }

  #checkBatch(coefficients: Uint8Array): boolean {
    this.#memory.set(coefficients, this.#coefficientsAt);
    const verdict = this.#module.checkBatch();
    if (verdict < 0) throw new TypeError('"random" gave coefficients that are 0 or repeat');
    return verdict === 1;
  }
}

function drawCoefficients(random: RandomBytes, count: number): Uint8Array {
  const length = COEFFICIENT_BYTES * count;
  const bytes = random(length);
  if (bytes instanceof Uint8Array && bytes.length === length) return bytes;
  throw new TypeError(
    `"random" expected to give ${length} bytes, got ${(bytes as Uint8Array | undefined)?.length}`,
  );
}
