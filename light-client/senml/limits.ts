/** Every limit on a foreign SenML pack, named once. */

export const senmlLimits = {
  packBytesMax: 64 << 10,
  recordsMax: 256,
  fieldsPerRecordMax: 32,
  labelLengthMax: 64,
  nameLengthMax: 128,
  /** Below this a time is relative to now (RFC 8428 §4.5.3): 2^28 seconds, 1978-07-04. */
  absoluteTimeMsMin: 2 ** 28 * 1000,
  /** End of the year 9999. Beyond it a time is a mistake, and a double no longer holds its milliseconds. */
  timeMsMax: 253_402_300_799_999,
} as const;
