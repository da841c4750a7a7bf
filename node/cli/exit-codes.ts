/** Exit codes of `tally init`, `genesis`, `get` and `tx`, and the errors that lead to them. `tally node`: node/startup.ts. */

export const exits = {
  ok: 0,
  /** Something that ought to work did not. */
  failed: 1,
  /** Wrong options, or a file that is not what it should be. */
  usage: 2,
  /** The ledger, or the node, refused. */
  refused: 3,
  /** No node answers at that address, or it does not know the token. */
  unreachable: 4,
  /** Submitted and durable, but not final in time. */
  pending: 5,
} as const;

export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;
  /** What `--json` prints besides the message. */
  readonly problem: object | undefined;

  constructor(
    exitCode: number,
    message: string,
    options?: { readonly problem?: object | undefined; readonly cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = exitCode;
    this.problem = options?.problem;
  }
}
