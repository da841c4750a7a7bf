/** Every limit on foreign bytes, named once. Amounts are bytes unless the name says otherwise. */

export const limits = {
  /** Greatest nesting of arrays in what is hashed or signed `[ENC-2]`: shapes are declared, and a test measures them. */
  depthMax: 8,
  /** One frame on a stream, and one gossip bundle. */
  frameBytesMax: 2 << 20,
  bundleBytesMax: 64 << 10,
  vertexHeaderBytesMax: 8 << 10,
  /** A contract call with its signatures. */
  callBytesMax: 32 << 10,
  /** A batch of frames of readings. */
  batchBytesMax: 256 << 10,
  framesPerBatchMax: 256,
  readingsPerFrameMax: 64,
  parentsMax: 8,
  witnessParentsMax: 64,
  seatsMax: 64,
  /** Outcomes of one checkpoint: what one frame can carry. */
  outcomesMax: 20_000,
  /** A quorum of the largest committee. */
  signersMax: 64,
  /** What a call of `callBytesMax` has room for: a proof takes 1.4 KB and more. */
  evidencePerCallMax: 20,
  pledgesPerUnitMax: 16,
} as const;
