/**
 * What is remembered of the vertices that the last K checkpoints settled `[ORD-1]`. A busy network settles a million
 * within K, so they lie in flat arrays, 60 bytes each: as objects they would take four times the memory, and the
 * garbage collector would walk over all of them again and again.
 */

import { invariant } from '../codec/result.ts';

/** What a vertex's descendants need to know of it `[ADM-1]`. */
export interface AncestorFacts {
  readonly authorKey: string;
  readonly sequence: number;
  readonly time: number;
  /** Height of the checkpoint that the vertex cites. */
  readonly checkpointHeight: number;
}

const WORDS = 8;
const SLOTS_MIN = 256;
/** Slots in use, of all: a search meets few others on its way. */
const FILL_MAX = 0.6;

/** Value of a hexadecimal digit by its character code. */
const DIGIT = new Uint8Array(128);
for (let digit = 0; digit < 16; digit++) DIGIT[digit.toString(16).charCodeAt(0)] = digit;

/**
 * An open-addressing table over the ids. They are hashes, but an author may seek such as begin alike, at a few ten thousand
 * tries each: where one lies depends on a salt that only this node knows.
 */
export class SettledWindow {
  readonly #window: number;
  readonly #salt: number;
  #top = 0;
  #slots: Slots = makeSlots(SLOTS_MIN);
  /** Slots in use, those that have left the window included: they go when the table is laid out anew. */
  #used = 0;
  #authors: string[] = [];
  #authorNumbers = new Map<string, number>();
  readonly #sought = new Uint32Array(WORDS);

  /** `salt`: 32 bits that nobody else can foresee. */
  constructor(window: number, salt: number) {
    this.#window = window;
    this.#salt = salt;
  }

  has(vertexKey: string): boolean {
    return this.#isLive(this.#find(vertexKey));
  }

  get(vertexKey: string): AncestorFacts | undefined {
    const slot = this.#find(vertexKey);
    return this.#isLive(slot) ? this.#factsAt(slot) : undefined;
  }

  /** The checkpoint at `height` settled this vertex; a greater height than any before moves the window on. */
  add(vertexKey: string, facts: AncestorFacts, height: number): void {
    this.advance(height);
    if (this.#used >= FILL_MAX * this.#slots.count) this.#layOut();
    this.#put(vertexKey, facts, height);
  }

  /** The window ends with `height`. */
  advance(height: number): void {
    invariant(height >= this.#top, 'checkpoints settle one after the other');
    this.#top = height;
  }

  #put(
    vertexKey: string,
    { authorKey, sequence, time, checkpointHeight }: AncestorFacts,
    height: number,
  ): void {
    const slot = this.#find(vertexKey);
    const { ids, heights, authors, sequences, times, cited } = this.#slots;
    if (heights[slot] === 0) this.#used += 1;
    ids.set(this.#sought, slot * WORDS);
    heights[slot] = height;
    authors[slot] = this.#numberOf(authorKey);
    sequences[slot] = sequence;
    times[slot] = time;
    cited[slot] = checkpointHeight;
  }

  /** The slot of a vertex, or the empty one where it would be put. */
  #find(vertexKey: string): number {
    const { ids, heights, count } = this.#slots;
    const sought = this.#sought;
    for (let word = 0; word < WORDS; word++) {
      let value = 0;
      for (let i = 8 * word; i < 8 * word + 8; i++) value = (value << 4) | DIGIT[vertexKey.charCodeAt(i)]!;
      sought[word] = value;
    }
    let slot = spread(sought, 0, this.#salt) & (count - 1);
    for (; heights[slot] !== 0; slot = (slot + 1) & (count - 1)) {
      let word = 0;
      while (word < WORDS && ids[slot * WORDS + word] === sought[word]) word += 1;
      if (word === WORDS) break;
    }
    return slot;
  }

  #isLive(slot: number): boolean {
    const height = this.#slots.heights[slot]!;
    return height !== 0 && height > this.#top - this.#window;
  }

  #factsAt(slot: number): AncestorFacts {
    const { authors, sequences, times, cited } = this.#slots;
    return {
      authorKey: this.#authors[authors[slot]!]!,
      sequence: sequences[slot]!,
      time: times[slot]!,
      checkpointHeight: cited[slot]!,
    };
  }

  #numberOf(authorKey: string): number {
    const known = this.#authorNumbers.get(authorKey);
    if (known !== undefined) return known;
    const number = this.#authors.push(authorKey) - 1;
    this.#authorNumbers.set(authorKey, number);
    return number;
  }

  /** Lays the table out anew, as large as what is still in the window asks for. */
  #layOut(): void {
    const old = this.#slots;
    const authors = this.#authors;
    const live: number[] = [];
    for (let slot = 0; slot < old.count; slot++) if (this.#isLive(slot)) live.push(slot);
    let count = SLOTS_MIN;
    while (live.length >= (FILL_MAX / 2) * count) count *= 2;
    this.#slots = makeSlots(count);
    this.#used = 0;
    this.#authors = [];
    this.#authorNumbers = new Map();
    for (const slot of live) {
      let free = spread(old.ids, slot * WORDS, this.#salt) & (count - 1);
      while (this.#slots.heights[free] !== 0) free = (free + 1) & (count - 1);
      this.#slots.ids.set(old.ids.subarray(slot * WORDS, (slot + 1) * WORDS), free * WORDS);
      this.#slots.heights[free] = old.heights[slot]!;
      this.#slots.authors[free] = this.#numberOf(authors[old.authors[slot]!]!);
      this.#slots.sequences[free] = old.sequences[slot]!;
      this.#slots.times[free] = old.times[slot]!;
      this.#slots.cited[free] = old.cited[slot]!;
      this.#used += 1;
    }
  }
}

/** 32 bits that depend on all words of the id at `at`, and for each salt otherwise. */
function spread(words: Uint32Array, at: number, salt: number): number {
  let mixed = salt;
  for (let word = at; word < at + WORDS; word++) {
    mixed = Math.imul(mixed ^ words[word]!, 0x85eb_ca6b);
    mixed ^= mixed >>> 15;
  }
  return mixed;
}

/** One array for each field; a slot is the same place in all of them. */
interface Slots {
  readonly count: number;
  readonly ids: Uint32Array;
  /** Of the checkpoint that settled it; 0 in a slot that is empty, since the genesis settles nothing. */
  readonly heights: Uint32Array;
  readonly authors: Uint32Array;
  readonly sequences: Float64Array;
  readonly times: Float64Array;
  readonly cited: Uint32Array;
}

/** `count` is a power of two. */
function makeSlots(count: number): Slots {
  return {
    count,
    ids: new Uint32Array(count * WORDS),
    heights: new Uint32Array(count),
    authors: new Uint32Array(count),
    sequences: new Float64Array(count),
    times: new Float64Array(count),
    cited: new Uint32Array(count),
  };
}
