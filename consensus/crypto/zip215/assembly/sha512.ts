/** SHA-512 (FIPS 180-4), over parts as they come. One message at a time. */

import { HASH_BLOCK, HASH_STATE, HASH_WORDS } from './layout.ts';

const INITIAL = memory.data<u64>([
  0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
  0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f, 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179,
]);
// biome-ignore format: a table
const ROUNDS = memory.data<u64>([
  0x428a_2f98_d728_ae22, 0x7137_4491_23ef_65cd, 0xb5c0_fbcf_ec4d_3b2f, 0xe9b5_dba5_8189_dbbc,
  0x3956_c25b_f348_b538, 0x59f1_11f1_b605_d019, 0x923f_82a4_af19_4f9b, 0xab1c_5ed5_da6d_8118,
  0xd807_aa98_a303_0242, 0x1283_5b01_4570_6fbe, 0x2431_85be_4ee4_b28c, 0x550c_7dc3_d5ff_b4e2,
  0x72be_5d74_f27b_896f, 0x80de_b1fe_3b16_96b1, 0x9bdc_06a7_25c7_1235, 0xc19b_f174_cf69_2694,
  0xe49b_69c1_9ef1_4ad2, 0xefbe_4786_384f_25e3, 0x0fc1_9dc6_8b8c_d5b5, 0x240c_a1cc_77ac_9c65,
  0x2de9_2c6f_592b_0275, 0x4a74_84aa_6ea6_e483, 0x5cb0_a9dc_bd41_fbd4, 0x76f9_88da_8311_53b5,
  0x983e_5152_ee66_dfab, 0xa831_c66d_2db4_3210, 0xb003_27c8_98fb_213f, 0xbf59_7fc7_beef_0ee4,
  0xc6e0_0bf3_3da8_8fc2, 0xd5a7_9147_930a_a725, 0x06ca_6351_e003_826f, 0x1429_2967_0a0e_6e70,
  0x27b7_0a85_46d2_2ffc, 0x2e1b_2138_5c26_c926, 0x4d2c_6dfc_5ac4_2aed, 0x5338_0d13_9d95_b3df,
  0x650a_7354_8baf_63de, 0x766a_0abb_3c77_b2a8, 0x81c2_c92e_47ed_aee6, 0x9272_2c85_1482_353b,
  0xa2bf_e8a1_4cf1_0364, 0xa81a_664b_bc42_3001, 0xc24b_8b70_d0f8_9791, 0xc76c_51a3_0654_be30,
  0xd192_e819_d6ef_5218, 0xd699_0624_5565_a910, 0xf40e_3585_5771_202a, 0x106a_a070_32bb_d1b8,
  0x19a4_c116_b8d2_d0c8, 0x1e37_6c08_5141_ab53, 0x2748_774c_df8e_eb99, 0x34b0_bcb5_e19b_48a8,
  0x391c_0cb3_c5c9_5a63, 0x4ed8_aa4a_e341_8acb, 0x5b9c_ca4f_7763_e373, 0x682e_6ff3_d6b2_b8a3,
  0x748f_82ee_5def_b2fc, 0x78a5_636f_4317_2f60, 0x84c8_7814_a1f0_ab72, 0x8cc7_0208_1a64_39ec,
  0x90be_fffa_2363_1e28, 0xa450_6ceb_de82_bde9, 0xbef9_a3f7_b2c6_7915, 0xc671_78f2_e372_532b,
  0xca27_3ece_ea26_619c, 0xd186_b8c7_21c0_c207, 0xeada_7dd6_cde0_eb1e, 0xf57d_4f7f_ee6e_d178,
  0x06f0_67aa_7217_6fba, 0x0a63_7dc5_a2c8_98a6, 0x113f_9804_bef9_0dae, 0x1b71_0b35_131c_471b,
  0x28db_77f5_2304_7d84, 0x32ca_ab7b_40c7_2493, 0x3c9e_be0a_15c9_bebc, 0x431d_67c4_9c10_0d4c,
  0x4cc5_d4be_cb3e_42b6, 0x597f_299c_fc65_7e2a, 0x5fcb_6fab_3ad6_faec, 0x6c44_198c_4a47_5817,
]);

/** Bytes absorbed since `openHash`. */
let absorbed: u64 = 0;

export function openHash(): void {
  absorbed = 0;
  memory.copy(HASH_STATE, INITIAL, 64);
}

/** The 80 words of the schedule: those of the block, and what follows from them. */
function schedule(block: usize): void {
  for (let at: usize = 0; at < 128; at += 8) store<u64>(HASH_WORDS + at, bswap<u64>(load<u64>(block + at)));
  for (let at = HASH_WORDS; at < HASH_WORDS + 64 * 8; at += 8) {
    const early = load<u64>(at, 8);
    const late = load<u64>(at, 14 * 8);
    const s0 = rotr<u64>(early, 1) ^ rotr<u64>(early, 8) ^ (early >> 7);
    const s1 = rotr<u64>(late, 19) ^ rotr<u64>(late, 61) ^ (late >> 6);
    store<u64>(at, load<u64>(at) + s0 + load<u64>(at, 9 * 8) + s1, 16 * 8);
  }
}

/** What round `at`/8 adds to d, and with `mix` to the new a. */
/* @inline */
function stir(e: u64, f: u64, g: u64, h: u64, at: usize): u64 {
  const s1 = rotr<u64>(e, 14) ^ rotr<u64>(e, 18) ^ rotr<u64>(e, 41);
  return h + s1 + (g ^ (e & (f ^ g))) + load<u64>(ROUNDS + at) + load<u64>(HASH_WORDS + at);
}

/* @inline */
function mix(a: u64, b: u64, c: u64): u64 {
  const s0 = rotr<u64>(a, 28) ^ rotr<u64>(a, 34) ^ rotr<u64>(a, 39);
  return s0 + ((a & b) | (c & (a | b)));
}

function compress(block: usize): void {
  schedule(block);
  let a = load<u64>(HASH_STATE);
  let b = load<u64>(HASH_STATE, 8);
  let c = load<u64>(HASH_STATE, 16);
  let d = load<u64>(HASH_STATE, 24);
  let e = load<u64>(HASH_STATE, 32);
  let f = load<u64>(HASH_STATE, 40);
  let g = load<u64>(HASH_STATE, 48);
  let h = load<u64>(HASH_STATE, 56);
  // Eight rounds at a time: after them every word is back in its place, so none has to be moved.
  for (let at: usize = 0; at < 80 * 8; at += 64) {
    h = stir(e, f, g, h, at);
    d += h;
    h += mix(a, b, c);
    g = stir(d, e, f, g, at + 8);
    c += g;
    g += mix(h, a, b);
    f = stir(c, d, e, f, at + 16);
    b += f;
    f += mix(g, h, a);
    e = stir(b, c, d, e, at + 24);
    a += e;
    e += mix(f, g, h);
    d = stir(a, b, c, d, at + 32);
    h += d;
    d += mix(e, f, g);
    c = stir(h, a, b, c, at + 40);
    g += c;
    c += mix(d, e, f);
    b = stir(g, h, a, b, at + 48);
    f += b;
    b += mix(c, d, e);
    a = stir(f, g, h, a, at + 56);
    e += a;
    a += mix(b, c, d);
  }
  store<u64>(HASH_STATE, load<u64>(HASH_STATE) + a);
  store<u64>(HASH_STATE, load<u64>(HASH_STATE, 8) + b, 8);
  store<u64>(HASH_STATE, load<u64>(HASH_STATE, 16) + c, 16);
  store<u64>(HASH_STATE, load<u64>(HASH_STATE, 24) + d, 24);
  store<u64>(HASH_STATE, load<u64>(HASH_STATE, 32) + e, 32);
  store<u64>(HASH_STATE, load<u64>(HASH_STATE, 40) + f, 40);
  store<u64>(HASH_STATE, load<u64>(HASH_STATE, 48) + g, 48);
  store<u64>(HASH_STATE, load<u64>(HASH_STATE, 56) + h, 56);
}

export function absorb(bytes: usize, length: i32): void {
  let filled = i32(absorbed & 127);
  absorbed += u64(length);
  while (length > 0) {
    if (filled === 0 && length >= 128) {
      compress(bytes);
      bytes += 128;
      length -= 128;
      continue;
    }
    const part = min(length, 128 - filled);
    memory.copy(HASH_BLOCK + usize(filled), bytes, usize(part));
    filled += part;
    bytes += usize(part);
    length -= part;
    if (filled === 128) {
      compress(HASH_BLOCK);
      filled = 0;
    }
  }
}

/** The 64 bytes of the digest. */
export function closeHash(digest: usize): void {
  const filled = i32(absorbed & 127);
  memory.fill(HASH_BLOCK + usize(filled), 0, usize(128 - filled));
  store<u8>(HASH_BLOCK + usize(filled), 0x80);
  // The length in bits takes 16 bytes, of which the upper eight stay zero.
  if (filled >= 112) {
    compress(HASH_BLOCK);
    memory.fill(HASH_BLOCK, 0, 128);
  }
  store<u64>(HASH_BLOCK, bswap<u64>(absorbed << 3), 120);
  compress(HASH_BLOCK);
  for (let at: usize = 0; at < 64; at += 8) {
    store<u64>(digest + at, bswap<u64>(load<u64>(HASH_STATE + at)));
  }
}
