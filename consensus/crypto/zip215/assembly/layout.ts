/**
 * Where everything lies in the module's memory, and every limit: 18 pages, fixed. Nothing is allocated, so nothing
 * can run out, grow, or be left behind. The compiler's own constants lie below `BASE`.
 */

/** A field element: nine signed limbs of 29 bits, each in an i32. */
export const FIELD: usize = 36;
/** An affine point as it is added: y + x, y − x, 2dxy. */
export const AFFINE: usize = 3 * FIELD;
/** A point in extended coordinates X, Y, Z, T; also one as it is added: Y + X, Y − X, 2Z, 2dT. */
export const POINT: usize = 4 * FIELD;

/** Signatures in one batch. */
export const ITEMS_MAX: i32 = 1024;
/** Bytes of a message handed over at once. */
export const PART_MAX: i32 = 16_384;
/** Author keys that are kept decompressed: sets of four. */
export const KEY_SETS: i32 = 256;
export const KEY_WAYS: i32 = 4;
/** Terms that Straus' method has tables for. */
export const STRAUS_MAX: i32 = 160;
/** Bits of the widest window of the bucket method. */
export const WINDOW_MAX: i32 = 8;

/** A term: its affine point and the 40 bytes of its scalar, of which the upper ones are zero. */
export const TERM: usize = 160;
export const TERM_SCALAR: usize = AFFINE;
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
/** Temporary numbers: of the field (64 of them), of the scalars (8). */
export const FIELDS: usize = HASH_WORDS + 128;
export const WIDES: usize = FIELDS + 64 * FIELD;
/** The odd multiples of the base point, affine: 64. */
export const BASE_TABLE: usize = WIDES + 8 * WIDE;
/** Kept keys: see keys.ts. */
export const KEY_ENTRY: usize = 160;
export const KEYS: usize = BASE_TABLE + 64 * AFFINE;
/** One for each distinct key of the batch, the base point first: `LONG` terms and their sums of products. */
export const LONG: usize = KEYS + usize(KEY_SETS * KEY_WAYS) * KEY_ENTRY;
export const SUMS: usize = LONG + usize(ITEMS_MAX + 1) * TERM;
/** One for each item: `SHORT` terms (R), S, the challenge k, and the number of its key among `LONG`. */
export const SHORT: usize = SUMS + usize(ITEMS_MAX + 1) * WIDE;
export const ITEM_S: usize = SHORT + usize(ITEMS_MAX) * TERM;
export const ITEM_K: usize = ITEM_S + usize(ITEMS_MAX) * 40;
export const ITEM_KEY: usize = ITEM_K + usize(ITEMS_MAX) * 40;
/** Straus: digits of each term, after two rows; odd multiples of each. */
export const DIGITS: usize = ITEM_KEY + usize(ITEMS_MAX) * 4;
export const ODD_MULTIPLES: usize = DIGITS + usize(STRAUS_MAX + 2) * 256;
/** The bucket method. */
export const BUCKETS: usize = ODD_MULTIPLES + usize(STRAUS_MAX) * 8 * POINT;
export const END: usize = BUCKETS + usize(1 << (WINDOW_MAX - 1)) * POINT;
