/**
 * Where everything lies in the module's memory, and every limit: 62 pages, fixed. Nothing is allocated, so nothing can
 * run out, grow, or be left behind. The compiler's own constants lie below `BASE`. Vectors are read from multiples of 16.
 */

/** A field element: nine signed limbs of 29 bits, each in an i32 (field.ts). */
export const FIELD: usize = 36;
/** Four numbers of the field, of which each vector holds two limbs (lanes.ts); also a point, by its coordinates. */
export const QUAD: usize = 160;

/** Signatures in one batch. */
export const ITEMS_MAX: i32 = 1024;
/** Bytes of a message handed over at once. */
export const PART_MAX: i32 = 16_384;
/** Author keys that are kept: sets of eight. */
export const KEY_SETS: i32 = 128;
export const KEY_WAYS: i32 = 8;
/** Odd multiples of a kept key, and as many of 2^128 times it; of the base point; of a point that came once. */
export const KEPT_MULTIPLES: i32 = 8;
export const BASE_MULTIPLES: i32 = 64;
export const PASSING_MULTIPLES: i32 = 4;
/** Points that came once of which Straus' method has multiples, and digits that it has room for. */
export const PASSING_MAX: i32 = 320;
export const DIGITS_MAX: i32 = 24_576;
/** Bits of the widest window of the bucket method. */
export const WINDOW_MAX: i32 = 8;

/** A term of the sum: see terms.ts. */
export const TERM: usize = 64;
/** A scalar: 32 bytes, and eight of zero. */
export const SCALAR: usize = 40;
/** A sum of products of scalars: 19 limbs of 28 bits, each in an i64. */
export const WIDE: usize = 19 * 8;

const BASE: usize = 0x1000;
/** What the host writes: a signature and a key (R, S, A), and a part of the message. */
export const ITEM: usize = BASE;
export const PART: usize = ITEM + 128;
/** What the host writes before a batch is checked: 16 bytes for each item. */
export const COEFFICIENTS: usize = PART + usize(PART_MAX);
/** SHA-512: its state, the block that is filling, the message schedule. */
export const HASH_STATE: usize = COEFFICIENTS + usize(ITEMS_MAX) * 16;
export const HASH_BLOCK: usize = HASH_STATE + 64;
export const HASH_WORDS: usize = HASH_BLOCK + 128;
/** A product of quads: limbs of a factor in pairs, and its columns. */
export const PAIRS: usize = HASH_WORDS + 80 * 8;
export const COLUMNS: usize = PAIRS + 22 * 16;
/** Temporary numbers: of the field (64 of them), in quads (48), of the scalars (8). */
export const FIELDS: usize = COLUMNS + 40 * 16;
export const QUADS: usize = FIELDS + 64 * FIELD;
export const WIDES: usize = QUADS + 48 * QUAD;
/** The odd multiples of the base point, and of 2^128 times it. */
export const BASE_TABLE: usize = WIDES + 8 * WIDE;
/** Kept keys: see keys.ts. */
export const KEY_ENTRY: usize = 48 + usize(2 * KEPT_MULTIPLES) * QUAD;
export const KEYS: usize = BASE_TABLE + usize(2 * BASE_MULTIPLES) * QUAD;
/** One for each distinct key of the batch, the base point first: its point, its entry if kept, its sum of products. */
export const KEY_POINTS: usize = KEYS + usize(KEY_SETS * KEY_WAYS) * KEY_ENTRY;
export const KEY_TABLES: usize = KEY_POINTS + usize(ITEMS_MAX + 1) * QUAD;
export const SUMS: usize = KEY_TABLES + usize(ITEMS_MAX + 4) * 4;
/** One for each item: the bytes of R and its point, S, the challenge k, the number of its key, whether R is a point. */
export const ITEM_R: usize = SUMS + usize(ITEMS_MAX + 2) * WIDE;
export const ITEM_POINTS: usize = ITEM_R + usize(ITEMS_MAX) * 32;
export const ITEM_S: usize = ITEM_POINTS + usize(ITEMS_MAX) * QUAD;
export const ITEM_K: usize = ITEM_S + usize(ITEMS_MAX) * SCALAR;
export const ITEM_KEY: usize = ITEM_K + usize(ITEMS_MAX) * SCALAR;
export const ITEM_STATE: usize = ITEM_KEY + usize(ITEMS_MAX) * 4;
/** Terms of the sum whose scalars have 128 bits, two for each kept key and the base point, and those of 253. */
export const SHORT: usize = ITEM_STATE + usize(ITEMS_MAX);
export const LONG: usize = SHORT + usize(3 * ITEMS_MAX + 2) * TERM;
/** Straus: odd multiples of points that came once; what is added at each of 256 places, and those digits. */
export const PASSING: usize = LONG + usize(ITEMS_MAX) * TERM;
export const PLACES: usize = PASSING + usize(PASSING_MAX * PASSING_MULTIPLES) * QUAD;
export const DIGITS: usize = PLACES + 256 * 4;
/** The bucket method. */
export const BUCKETS: usize = DIGITS + usize(DIGITS_MAX) * 8;
export const END: usize = BUCKETS + usize(1 << (WINDOW_MAX - 1)) * QUAD;
