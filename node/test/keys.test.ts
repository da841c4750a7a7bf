/** Key files: written once, private, whole; opened by their passphrase alone, and by the age tool too. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { armor, Decrypter, Encrypter } from 'age-encryption';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { createKeyFile, KeyFileError, openKeyFile } from '../keys/key-file.ts';
import { PassphraseCancelled, readPassphrase } from '../keys/passphrase.ts';

const keys = suite('keys');
const root = mkdtempSync(join(tmpdir(), 'tally-keys-'));
keys.after(() => rmSync(root, { recursive: true, force: true }));

/** Cheap, for tests. */
const workFactor = 4;

async function failureOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it succeeded');
}

keys('a key file opens by its passphrase, and is private', async () => {
  const path = join(root, 'deep', 'a.key');
  const startedMs = performance.now();
  const seed = await createKeyFile(path, 'correct horse');
  console.log(`keys: ${Math.round(performance.now() - startedMs)} ms to make one at the default cost`);
  assert.is(seed.length, 32);
  assert.equal(await openKeyFile(path, 'correct horse'), seed);
  assert.is(statSync(path).mode & 0o777, 0o600);
  assert.equal(readdirSync(join(root, 'deep')), ['a.key'], 'no draft is left');
  assert.not.equal(await createKeyFile(join(root, 'b.key'), 'x', { workFactor }), seed);
});

keys(
  'a wrong passphrase, a missing, damaged or foreign file give an error that names the file, and no key',
  async () => {
    const path = join(root, 'c.key');
    await createKeyFile(path, 'right', { workFactor });
    const text = readFileSync(path, 'utf8');
    const foreign = new Encrypter();
    foreign.setPassphrase('right');
    foreign.setScryptWorkFactor(workFactor);
    const write = (name: string, content: string | Uint8Array): string => {
      writeFileSync(join(root, name), content);
      return join(root, name);
    };
    const cases: [string, string, RegExp][] = [
      [path, 'wrong', /wrong passphrase/],
      [path, '', /wrong passphrase/],
      [join(root, 'none.key'), 'right', /there is none; `tally init` makes one/],
      [write('cut.key', text.slice(0, text.length / 2)), 'right', /damaged|invalid/],
      [write('empty.key', ''), 'right', /damaged, or no age file/],
      [write('text.key', 'not an age file at all\n'), 'right', /damaged, or no age file/],
      [write('huge.key', 'x'.repeat(20_000)), 'right', /larger than/],
      [
        write('foreign.key', armor.encode(await foreign.encrypt('something else'))),
        'right',
        /holds no TALLY-KEY-1 line/,
      ],
    ];
    for (const [file, passphrase, reason] of cases) {
      const error = await failureOf(openKeyFile(file, passphrase));
      assert.instance(error, KeyFileError);
      assert.match(error.message, file);
      assert.match(error.message, reason);
    }
    const sealed = armor.decode(text.trim());
    for (let at = 0; at < sealed.length; at += 7) {
      const flipped = sealed.slice();
      flipped[at]! ^= 4;
      assert.instance(await failureOf(openKeyFile(write('flipped.key', flipped), 'right')), KeyFileError);
    }
  },
);

keys('an existing file is never overwritten, and an empty passphrase not accepted', async () => {
  const path = join(root, 'd.key');
  const seed = await createKeyFile(path, 'first', { workFactor });
  assert.match(
    (await failureOf(createKeyFile(path, 'second', { workFactor }))).message,
    'there is one already',
  );
  assert.equal(await openKeyFile(path, 'first'), seed);
  assert.match((await failureOf(createKeyFile(join(root, 'e.key'), ''))).message, 'empty passphrase');
  assert.not.ok(readdirSync(root).some((name) => name.endsWith('.tmp') || name === 'e.key'));
});

keys('what lies below the passphrase is one line, in the format of the age tool', async () => {
  const path = join(root, 'f.key');
  const seed = await createKeyFile(path, 'open sesame', { workFactor, seed: new Uint8Array(32).fill(0xab) });
  const text = readFileSync(path, 'utf8');
  assert.match(text, /^-----BEGIN AGE ENCRYPTED FILE-----\n/);
  const decrypter = new Decrypter();
  decrypter.addPassphrase('open sesame');
  assert.is(await decrypter.decrypt(armor.decode(text), 'text'), `TALLY-KEY-1${toHex(seed).toUpperCase()}\n`);
  // Binary age files are read as well.
  writeFileSync(join(root, 'binary.key'), armor.decode(text));
  assert.equal(await openKeyFile(join(root, 'binary.key'), 'open sesame'), seed);
});

keys('the passphrase comes from the environment, from a file, or from nowhere', async () => {
  const file = join(root, 'passphrase');
  writeFileSync(file, 'from the file\nsecond line\n');
  chmodSync(file, 0o600);
  const input = { isTTY: false } as never;
  const from = (env: NodeJS.ProcessEnv): Promise<string> =>
    readPassphrase('Passphrase', false, { env, input });
  assert.is(
    await from({ TALLY_PASSPHRASE: 'from the environment', TALLY_PASSPHRASE_FILE: file }),
    'from the environment',
  );
  assert.is(await from({ TALLY_PASSPHRASE_FILE: file }), 'from the file');
  assert.match((await failureOf(from({ TALLY_PASSPHRASE: '' }))).message, 'TALLY_PASSPHRASE is empty');
  assert.match(
    (await failureOf(from({ TALLY_PASSPHRASE_FILE: '/nowhere' }))).message,
    '/nowhere cannot be read',
  );
  assert.match((await failureOf(from({}))).message, 'set TALLY_PASSPHRASE or TALLY_PASSPHRASE_FILE');
});

/** A terminal at which somebody types `keystrokes`, one answer after the other. */
function terminal(answers: readonly string[]) {
  const stream = new PassThrough();
  const raw: boolean[] = [];
  let shown = '';
  const left = answers.slice();
  const input = Object.assign(stream, {
    isTTY: true,
    setRawMode: (mode: boolean) => {
      raw.push(mode);
      if (mode) setImmediate(() => stream.write(left.shift() ?? '\u0003'));
      return stream;
    },
  });
  const output = {
    write: (text: string) => {
      shown += text;
    },
  };
  return { sources: { env: {}, input: input as never, output }, raw, shown: () => shown };
}

keys(
  'what is typed at the terminal is not shown, can be corrected, and is asked for twice when new',
  async () => {
    const typed = terminal(['sekr\u007f\u007fcret\r']);
    assert.is(await readPassphrase('Passphrase', false, typed.sources), 'secret');
    assert.is(typed.shown(), 'Passphrase: \n');
    assert.equal(typed.raw, [true, false]);
    const twice = terminal(['\r', 'one\r', 'two\r', 'wrong\u0015grüße\r', 'grüße\r']);
    assert.is(await readPassphrase('Passphrase', true, twice.sources), 'grüße');
    assert.match(twice.shown(), 'The two differ; again.');
    assert.not.match(twice.shown(), 'one');
    const cancelled = terminal(['abc\u0003']);
    assert.instance(
      await failureOf(readPassphrase('Passphrase', false, cancelled.sources)),
      PassphraseCancelled,
    );
    assert.equal(cancelled.raw, [true, false], 'the terminal is left as it was');
  },
);

keys('the age tool opens it, where it is installed', async () => {
  try {
    execFileSync('age', ['--version'], { stdio: 'ignore' });
    execFileSync('script', ['--version'], { stdio: 'ignore' });
  } catch {
    console.log('keys: no age tool here; not tried');
    return;
  }
  const path = join(root, 'g.key');
  const seed = await createKeyFile(path, 'opensesame', { workFactor: 10 });
  const out = execFileSync('script', ['-qec', `age -d ${path}`, '/dev/null'], {
    input: 'opensesame\n',
    encoding: 'utf8',
  });
  assert.match(out, toHex(seed).toUpperCase());
});

keys.run();
