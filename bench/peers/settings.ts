/** The peer's settings: what its guide gives for speed, and its favourable cases. Pure. */

export interface Setting {
  /** Of `config.toml`, '' for what stands before all sections; or `genesis`, for its consensus parameters. */
  readonly section: string;
  readonly key: string;
  /** As it stands in the file. */
  readonly value: string;
}

export interface PeerCase {
  readonly name: string;
  readonly settings: readonly Setting[];
  /** By the application: our build of CometBFT with it is run, and has to show that it does. */
  readonly checksSignatures: boolean;
  /** Has a turn in every round; the others have one in all. */
  readonly isInEveryRound: boolean;
}

/** "Running in production", CometBFT v0.38, its part "Configuration parameters", and room for what is offered. */
const fastest: readonly Setting[] = [
  { section: '', key: 'proxy_app', value: '"kvstore"' },
  { section: '', key: 'log_level', value: '"error"' },
  { section: 'rpc', key: 'max_request_batch_size', value: '64' },
  { section: 'p2p', key: 'send_rate', value: '200000000' },
  { section: 'p2p', key: 'recv_rate', value: '200000000' },
  { section: 'p2p', key: 'flush_throttle_timeout', value: '"10ms"' },
  { section: 'p2p', key: 'max_packet_msg_payload_size', value: '10240' },
  { section: 'p2p', key: 'pex', value: 'false' },
  { section: 'mempool', key: 'recheck', value: 'false' },
  { section: 'mempool', key: 'size', value: '200000' },
  { section: 'mempool', key: 'max_txs_bytes', value: '1073741824' },
  { section: 'mempool', key: 'cache_size', value: '1000000' },
  { section: 'consensus', key: 'timeout_commit', value: '"10ms"' },
  { section: 'consensus', key: 'skip_timeout_commit', value: 'true' },
  { section: 'consensus', key: 'peer_gossip_sleep_duration', value: '"10ms"' },
  { section: 'consensus', key: 'create_empty_blocks', value: 'false' },
  { section: 'storage', key: 'discard_abci_responses', value: 'true' },
  { section: 'tx_index', key: 'indexer', value: '"null"' },
];

const largeBlocks: readonly Setting[] = [
  { section: 'consensus', key: 'timeout_commit', value: '"1s"' },
  { section: 'consensus', key: 'skip_timeout_commit', value: 'false' },
  { section: 'genesis', key: 'max_bytes', value: '"104857600"' },
];

const noGossip: readonly Setting[] = [{ section: 'mempool', key: 'broadcast', value: 'false' }];

/** The program in the folder of this name, and the application in it. */
export const CHECKED_KVSTORE = 'checked-kvstore';
const checked: readonly Setting[] = [{ section: '', key: 'proxy_app', value: `"${CHECKED_KVSTORE}"` }];

export const TUNED = 'tuned';
export const CHECKED = 'signatures checked';

export const peerCases: readonly PeerCase[] = [
  { name: TUNED, settings: fastest, checksSignatures: false, isInEveryRound: true },
  { name: CHECKED, settings: over(fastest, checked), checksSignatures: true, isInEveryRound: true },
  {
    ...{ name: 'large blocks', settings: over(fastest, largeBlocks) },
    ...{ checksSignatures: false, isInEveryRound: false },
  },
  {
    ...{ name: 'no gossip', settings: over(fastest, noGossip) },
    ...{ checksSignatures: false, isInEveryRound: false },
  },
  {
    ...{ name: `${CHECKED}, no gossip`, settings: over(fastest, [...checked, ...noGossip]) },
    ...{ checksSignatures: true, isInEveryRound: false },
  },
];

function over(base: readonly Setting[], changes: readonly Setting[]): readonly Setting[] {
  const isChanged = ({ section, key }: Setting): boolean =>
    changes.some((change) => change.section === section && change.key === key);
  return [...base.filter((setting) => !isChanged(setting)), ...changes];
}

/** Line of a key in a section; throws when there is none: the peer would ignore what it does not know. */
function lineOf(lines: readonly string[], section: string, key: string): number {
  let current = '';
  const at = lines.findIndex((line) => {
    const [, header] = /^\[([^\]]+)\]/.exec(line) ?? [];
    if (header !== undefined) current = header;
    return current === section && line.startsWith(`${key} =`);
  });
  if (at < 0) throw new Error(`config.toml expected a "${key}" in [${section}], has none`);
  return at;
}

export function readSetting(toml: string, section: string, key: string): string {
  const lines = toml.split('\n');
  const line = lines[lineOf(lines, section, key)]!;
  return line.slice(line.indexOf('=') + 1).trim();
}

/** The file with these settings; those of the genesis are left out. */
export function applySettings(toml: string, settings: readonly Setting[]): string {
  const lines = toml.split('\n');
  for (const { section, key, value } of settings)
    if (section !== 'genesis') lines[lineOf(lines, section, key)] = `${key} = ${value}`;
  return lines.join('\n');
}
