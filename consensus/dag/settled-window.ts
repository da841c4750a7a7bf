/**
 * What is remembered of the vertices that the last K checkpoints settled `[ORD-1]`. A busy network settles a million
 * within K, so they lie in flat arrays, 60 bytes each and 8 to 16 of the index: as objects they would take four times
 * the memory, and the garbage collector would walk over all of them again and again.
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
const ENTRIES_MIN = 256;
/** How much larger the arrays are made than what they hold. */
const ROOM = 1.5;

/** Value of a hexadecimal digit by its character code. */
const DIGIT = new Uint8Array(128);
for (let digit = 0; digit < 16; digit++) DIGIT[digit.toString(16).charCodeAt(0)] = digit;

/**
 * A queue of entries, oldest checkpoint first, since that is how they leave; and an open-addressing index over their ids, by
 * linear probing. Ids are hashes, but an author may seek such as begin alike, at a few ten thousand tries each: where one
 * lies depends on a salt that only this node knows.
 */
export class SettledWindow {
  readonly #window: number;
  readonly #salt: number;
  #top = 0;
  #entries: Entries = makeEntries(ENTRIES_MIN);
  /** Place of the oldest entry, and how many there are; the queue goes round. */
  #first = 0;
  #length = 0;
  /** Place of an entry + 1; 0 in a slot that is free. Twice as many slots as places, or more; a power of two. */
  #index: Uint32Array = makeIndex(ENTRIES_MIN);
  readonly #authors = new Authors();
  readonly #sought = new Uint32Array(WORDS);

  /** `salt`: 32 bits that nobody else can foresee. */
  constructor(window: number, salt: number) {
    this.#window = window;
    this.#salt = salt;
  }

  /** Bytes of all arrays. */
  get bytes(): number {
    return ENTRY_BYTES * this.#entries.places + this.#index.byteLength;
  }

  has(vertexKey: string): boolean {
    return this.#index[this.#find(vertexKey)] !== 0;
  }

  get(vertexKey: string): AncestorFacts | undefined {
    const found = this.#index[this.#find(vertexKey)]!;
    return found === 0 ? undefined : this.#factsAt(found - 1);
  }

  /** The checkpoint at `height` settled this vertex; a greater height than any before moves the window on. */
  add(vertexKey: string, facts: AncestorFacts, height: number): void {
    this.advance(height);
    if (this.#length === this.#entries.places) this.#layOut();
    const slot = this.#find(vertexKey);
    invariant(this.#index[slot] === 0, 'a vertex settles once');
    const { ids, heights, authors, sequences, times, cited, places } = this.#entries;
    const place = (this.#first + this.#length) % places;
    this.#length += 1;
    this.#index[slot] = place + 1;
    ids.set(this.#sought, place * WORDS);
    heights[place] = height;
    authors[place] = this.#authors.take(facts.authorKey);
    sequences[place] = facts.sequence;
    times[place] = facts.time;
    cited[place] = facts.checkpointHeight;
  }

  /** The window ends with `height`. */
  advance(height: number): void {
    invariant(height >= this.#top, 'checkpoints settle one after the other');
    this.#top = height;
    const { heights, authors, places } = this.#entries;
    while (this.#length > 0 && heights[this.#first]! <= height - this.#window) {
      this.#leave(this.#first);
      this.#authors.release(authors[this.#first]!);
      this.#first = (this.#first + 1) % places;
      this.#length -= 1;
    }
    if (places > ENTRIES_MIN && places > 2 * ROOM * this.#length) this.#layOut();
  }

  /** The slot of a vertex, or the free one where it would be put. */
  #find(vertexKey: string): number {
    const { ids } = this.#entries;
    const index = this.#index;
    const sought = this.#sought;
    for (let word = 0; word < WORDS; word++) {
      let value = 0;
      for (let i = 8 * word; i < 8 * word + 8; i++) value = (value << 4) | DIGIT[vertexKey.charCodeAt(i)]!;
      sought[word] = value;
    }
    const mask = index.length - 1;
    let slot = spread(sought, 0, this.#salt) & mask;
    for (; index[slot] !== 0; slot = (slot + 1) & mask) {
      const at = (index[slot]! - 1) * WORDS;
      let word = 0;
      while (word < WORDS && ids[at + word] === sought[word]) word += 1;
      if (word === WORDS) break;
    }
    return slot;
  }

  /** Frees the slot of an entry. Those behind it that had to give way move up, so that no search ends before them. */
  #leave(place: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let free = this.#homeOf(place);
    while (index[free] !== place + 1) free = (free + 1) & mask;
    for (let slot = (free + 1) & mask; index[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#homeOf(index[slot]! - 1);
      // How far it is from its home to where it lies, and to the free slot.
      if (((slot - home) & mask) < ((slot - free) & mask)) continue;
      index[free] = index[slot]!;
      free = slot;
    }
    index[free] = 0;
  }

  #homeOf(place: number): number {
    return spread(this.#entries.ids, place * WORDS, this.#salt) & (this.#index.length - 1);
  }

  #factsAt(place: number): AncestorFacts {
    const { authors, sequences, times, cited } = this.#entries;
    return {
      authorKey: this.#authors.keyOf(authors[place]!),
      sequence: sequences[place]!,
      time: times[place]!,
      checkpointHeight: cited[place]!,
    };
  }

  /** Lays everything out anew, with some room beyond what there is. */
  #layOut(): void {
    const old = this.#entries;
    const entries = makeEntries(Math.max(ENTRIES_MIN, Math.ceil(ROOM * this.#length)));
    // Round its end, the queue lies in two pieces.
    const whole = Math.min(this.#length, old.places - this.#first);
    copyEntries(old, this.#first, whole, entries, 0);
    copyEntries(old, 0, this.#length - whole, entries, whole);
    this.#entries = entries;
    this.#first = 0;
    this.#index = makeIndex(entries.places);
    const mask = this.#index.length - 1;
    for (let place = 0; place < this.#length; place++) {
      let slot = this.#homeOf(place);
      while (this.#index[slot] !== 0) slot = (slot + 1) & mask;
      this.#index[slot] = place + 1;
    }
  }
}

/** Keys by small numbers, for as long as an entry names them. */
class Authors {
  readonly #numbers = new Map<string, number>();
  readonly #keys: string[] = [];
  readonly #uses: number[] = [];
  readonly #free: number[] = [];

  keyOf(number: number): string {
    return this.#keys[number]!;
  }

  take(key: string): number {
    const number = this.#numbers.get(key) ?? this.#free.pop() ?? this.#keys.length;
    this.#numbers.set(key, number);
    this.#keys[number] = key;
    this.#uses[number] = (this.#uses[number] ?? 0) + 1;
    return number;
  }

  release(number: number): void {
    this.#uses[number]! -= 1;
    if (this.#uses[number]! > 0) return;
    this.#numbers.delete(this.#keys[number]!);
    this.#keys[number] = '';
    this.#free.push(number);
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

/** One array for each field; an entry is the same place in all of them. */
interface Entries {
  readonly places: number;
  readonly ids: Uint32Array;
  /** Of the checkpoint that settled it. */
  readonly heights: Uint32Array;
  readonly authors: Uint32Array;
  readonly sequences: Float64Array;
  readonly times: Float64Array;
  readonly cited: Uint32Array;
}
const ENTRY_BYTES = 4 * (WORDS + 3) + 8 * 2;

function makeEntries(places: number): Entries {
  return {
    places,
    ids: new Uint32Array(places * WORDS),
    heights: new Uint32Array(places),
    authors: new Uint32Array(places),
    sequences: new Float64Array(places),
    times: new Float64Array(places),
    cited: new Uint32Array(places),
  };
}

function copyEntries(from: Entries, first: number, count: number, to: Entries, at: number): void {
  const end = first + count;
  to.ids.set(from.ids.subarray(first * WORDS, end * WORDS), at * WORDS);
  to.heights.set(from.heights.subarray(first, end), at);
  to.authors.set(from.authors.subarray(first, end), at);
  to.sequences.set(from.sequences.subarray(first, end), at);
  to.times.set(from.times.subarray(first, end), at);
  to.cited.set(from.cited.subarray(first, end), at);
}

function makeIndex(places: number): Uint32Array {
  let slots = 2 * ENTRIES_MIN;
  while (slots < 2 * places) slots *= 2;
  return new Uint32Array(slots);
}
