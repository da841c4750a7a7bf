import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import type { UnsignedFrame } from '../../consensus/vertex/frame.ts';
import { replayLorawan } from '../sensors/lorawan.ts';
import { RecordingError, ReplayTally } from '../sensors/recording.ts';
import { replaySenml } from '../sensors/senml-recording.ts';
import { findRecording } from './recordings.ts';

const test = suite('recording');
let folder = '';
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tally-recording-'));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

const uplinkOf = (
  fcnt: number,
  payload: object = { temperature: 7, humidity: null, x: 63, y: -1, vdd: 3616 },
  more: object = {},
) => ({
  dev_eui: 'A81758FFFE04B1C1',
  devaddr: '07000048',
  fcnt,
  reported_at: 1_672_867_882_173,
  _timestamp: 1_672_867_882_661,
  decoded: { payload },
  ...more,
});

function write(name: string, lines: readonly (string | object)[]): string {
  const path = join(folder, name);
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

async function replay(path: string) {
  const tally = new ReplayTally();
  const defects: RecordingError[] = [];
  const frames: UnsignedFrame[] = [];
  for await (const frame of replayLorawan(path, { tally, onDefect: (error) => defects.push(error) }))
    frames.push(frame);
  return { tally, defects: defects.map(({ message }) => message.replace(folder, '…')), frames };
}

test('an uplink becomes a frame in the ledger’s units', async () => {
  const { frames } = await replay(write('one.ndjson', [uplinkOf(71)]));
  assert.equal(frames, [
    {
      device: 'urn:dev:eui:a81758fffe04b1c1',
      session: '07000048',
      counter: 71,
      time: 1_672_867_882_173,
      readings: [
        { quantity: 'temperature', value: decimalOf(7)! },
        { quantity: 'accelerationX', value: decimalOf(9.807)! },
        { quantity: 'accelerationY', value: decimalOf(-0.156)! },
        { quantity: 'voltage', value: decimalOf(3.616)! },
      ],
    },
  ]);
});

test('malformed lines are named, counted and left out; the rest goes on', async () => {
  for (const name of ['bad.ndjson', 'bad.ndjson.gz']) {
    const { tally, defects, frames } = await replay(
      write(name, [
        uplinkOf(1),
        '{"dev_eui":',
        '',
        '   \r',
        uplinkOf(1),
        uplinkOf(2, { temperature: 'warm' }),
        uplinkOf(3, { temperature: 250 }),
        uplinkOf(4, {}),
        uplinkOf(-5),
        { ...uplinkOf(6), dev_eui: 'not hex' },
        { ...uplinkOf(7), reported_at: undefined, _timestamp: undefined },
        '[]',
        uplinkOf(8, { temperature: 1 }, { reported_at: undefined }),
        uplinkOf(12),
      ]),
    );
    assert.equal(
      frames.map(({ counter, time }) => [counter, time - 1_672_867_882_000]),
      [
        [1, 173],
        [1, 173],
        [4, 173],
        [8, 661],
        [12, 173],
      ],
    );
    assert.equal(
      defects.map((message) => message.replace(`…/${name}:`, '')),
      [
        '2: not JSON',
        '6: "decoded.payload.temperature": Invalid input: expected number, received string',
        '7: "decoded.payload.temperature": 250 is outside -90 to 200',
        '9: "fcnt": Too small: expected number to be >=0',
        '10: "dev_eui": Invalid string: must match pattern /^[0-9A-Fa-f]{16}$/',
        '11: "reported_at" and "_timestamp": both missing',
        '12: "": Invalid input: expected object, received array',
      ],
    );
    const { received, distinct, duplicates, silent, malformed, missing } = tally;
    assert.equal(
      { received, distinct, duplicates, silent, malformed, missing },
      { received: 5, distinct: 4, duplicates: 1, silent: 1, malformed: 7, missing: 8 },
    );
  }
});

test('a file that cannot be read is an error with its cause', async () => {
  const fails = async (path: string): Promise<Error> => {
    try {
      await replay(path);
    } catch (error) {
      assert.instance(error, RecordingError);
      return error as Error;
    }
    throw new Error('did not fail');
  };
  assert.match(
    (await fails(join(folder, 'absent.ndjson'))).message,
    /absent\.ndjson:1: cannot be read: ENOENT/,
  );
  assert.match((await fails(join(folder, 'absent.ndjson.gz'))).message, /ENOENT/);
  const broken = join(folder, 'broken.ndjson.gz');
  writeFileSync(broken, gzipSync(JSON.stringify(uplinkOf(1))).subarray(0, 60));
  const error = await fails(broken);
  assert.match(error.message, /unexpected end of file/);
  assert.ok(error.cause);
  assert.match((await fails(write('long.ndjson', ['x'.repeat(2 << 20)]))).message, /line longer than/);
});

test('the recording of one node: 8,110 uplinks received, 1,966 copies, 6,144 distinct', async () => {
  const path = findRecording('campusiot-ems-lorawan/EMS_A81758FFFE04B1C1.ndjson.gz');
  if (path === undefined) return;
  const { tally, defects, frames } = await replay(path);
  assert.equal(defects, []);
  assert.is(tally.received, 8110);
  assert.is(tally.duplicates, 1966);
  assert.is(tally.distinct, 6144);
  // One uplink answers a downlink and measures nothing; nothing is invented in its place.
  assert.is(tally.silent, 1);
  assert.is(frames.length, 8110);
  assert.is(tally.missing, 17);
});

test('recorded SenML packs, one a line', async () => {
  const pack = [{ n: 'x:temperature', u: 'Cel', v: 4, t: 1_700_000_000 }];
  const path = write('packs.ndjson', [
    pack,
    [{ ...pack[0], u: 'K' }],
    pack,
    [{ n: 'y', u: 'kg', v: 1 }],
    'nothing',
  ]);
  const tally = new ReplayTally();
  const defects: string[] = [];
  const seen: string[] = [];
  for await (const { device, time } of replaySenml(path, 5_000_000, {
    tally,
    onDefect: ({ line, message }) => defects.push(`${line} ${message}`),
  })) {
    seen.push(`${device} ${time}`);
  }
  assert.equal(seen, ['x 1700000000000', 'x 1700000000000', 'y 5000000']);
  assert.is(tally.received, 3);
  assert.is(tally.duplicates, 1);
  assert.is(tally.malformed, 2);
  assert.match(defects[0]!, /^2 .*packs\.ndjson:2: E_UNIT \(reason=expected Cel/);
  assert.match(defects[1]!, /^5 .*packs\.ndjson:5: E_ENC \(reason=not JSON/);
});

test.run();
