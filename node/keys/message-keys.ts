/**
 * The secrets to which messages to this bank are sealed `[MSG-9]`: an age file beside the node's key, under the same
 * passphrase, which is held so that a further key can be made while the node runs. One line for each,
 * `TALLY-MESSAGE-KEY-1` and the secret in hexadecimal. What is no longer needed is taken out of the file.
 */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { publicKeyOf } from '../crypto/hpke.ts';
import type { Random } from '../ports.ts';
import { exists, KeyFileError, openText, sealText, writeOver } from './age-file.ts';

const PREFIX = 'TALLY-MESSAGE-KEY-1';
const LINE = /^TALLY-MESSAGE-KEY-1([0-9A-F]{64})$/;
const SECRET_BYTES = 32;
/** Far below what the file may hold; a bank that states keys faster than messages end waits. */
const KEYS_MAX = 64;

export interface MessageKeysOptions {
  readonly path: string;
  readonly passphrase: string;
  readonly random: Random;
  readonly workFactor?: number;
}

export class MessageKeys {
  readonly #options: MessageKeysOptions;
  /** By public key, hex, in the order in which they were made. */
  #secrets: ReadonlyMap<string, Uint8Array>;
  /** One change of the file after the other. */
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(options: MessageKeysOptions, secrets: ReadonlyMap<string, Uint8Array>) {
    this.#options = options;
    this.#secrets = secrets;
  }

  /** Without a file there are none yet. Throws `KeyFileError` where the file does not open. */
  static async open(options: MessageKeysOptions): Promise<MessageKeys> {
    const { path, passphrase } = options;
    const secrets = new Map<string, Uint8Array>();
    if (!(await exists(path))) return new MessageKeys(options, secrets);
    const text = await openText(path, passphrase, '`tally message key` makes one');
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const hex = LINE.exec(line)?.[1];
      if (hex === undefined)
        throw new KeyFileError(`key file ${path}: opened, but a line of it is no ${PREFIX} line`);
      const secret = fromHex(hex)!;
      secrets.set(toHex(await publicKeyOf(secret)), secret);
    }
    return new MessageKeys(options, secrets);
  }

  /** Public keys, hex. */
  get publicKeys(): readonly string[] {
    return [...this.#secrets.keys()];
  }

  secretOf(publicKey: string): Uint8Array | undefined {
    return this.#secrets.get(publicKey);
  }

  /** Makes a further key and returns its public half, once the secret is on disk; `undefined` when there are too many. */
  add(): Promise<Uint8Array | undefined> {
    return this.#change(async () => {
      if (this.#secrets.size >= KEYS_MAX) return undefined;
      const secret = this.#options.random.bytes(SECRET_BYTES);
      const publicKey = await publicKeyOf(secret);
      await this.#write(new Map([...this.#secrets, [toHex(publicKey), secret]]));
      return publicKey;
    });
  }

  /** Takes these out of the file and out of memory. */
  forget(publicKeys: readonly string[]): Promise<void> {
    return this.#change(async () => {
      const gone = [...this.#secrets].filter(([name]) => publicKeys.includes(name));
      if (gone.length === 0) return;
      await this.#write(new Map([...this.#secrets].filter(([name]) => !publicKeys.includes(name))));
      for (const [, secret] of gone) secret.fill(0);
    });
  }

  async #write(secrets: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const { path, passphrase, workFactor } = this.#options;
    const text = [...secrets.values()].map((secret) => `${PREFIX}${toHex(secret).toUpperCase()}\n`).join('');
    await writeOver(path, await sealText(path, text, passphrase, workFactor));
    this.#secrets = secrets;
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => undefined);
    return done;
  }
}
