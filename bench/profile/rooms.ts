/**
 * Where the time of a CPU profile went: the self time of each function, summed up by the room it belongs to. What Node
 * and packages do counts for the room that called them, unless the package is a room's own.
 */

/** The part of V8's `.cpuprofile` that is read here. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  /** Line and column from 0. */
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly children?: readonly number[];
}

export interface FunctionTime {
  readonly name: string;
  /** Source file and line, or the package. */
  readonly file: string;
  readonly room: string;
  readonly selfUs: number;
  /** With all that it called. */
  readonly totalUs: number;
}

export interface ProfileSummary {
  readonly totalUs: number;
  /** Self time by room, greatest first; adds up to `totalUs`. */
  readonly rooms: readonly { readonly room: string; readonly us: number }[];
  readonly functions: readonly FunctionTime[];
}

const META: ReadonlyMap<string, string> = new Map([
  ['(garbage collector)', 'gc'],
  ['(idle)', 'idle'],
  ['(program)', 'runtime'],
  ['(root)', 'runtime'],
]);

/** Packages with a room of their own; the first that fits. */
const PACKAGES: readonly (readonly [RegExp, string])[] = [
  [
    /\/node_modules\/(classic-level|abstract-level|level|level-supports|level-transcoder|msgpackr)\//,
    'store',
  ],
  [/\/node_modules\/(@noble)\//, 'crypto'],
  [
    /\/node_modules\/(libp2p|@libp2p|@chainsafe|@multiformats|multiformats|it-[a-z-]+|uint8arraylist|uint8arrays|uint8-varint|protons-runtime|abortable-iterator|race-[a-z]+|p-[a-z-]+|main-event|weald|denque)\//,
    'libp2p',
  ],
  [/\/node_modules\/(fastify|@fastify|prom-client|pino|fast-[a-z-]+|light-my-request)\//, 'http'],
];

/** Rooms of our own, by the beginning of the path below `dist/`; the first that fits. */
const FOLDERS: readonly (readonly [string, string])[] = [
  ['consensus/codec/', 'codec'],
  ['consensus/crypto/', 'crypto'],
  ['consensus/merkle/', 'merkle'],
  ['consensus/vertex/', 'vertex'],
  ['consensus/contracts/', 'contracts'],
  ['consensus/dag/', 'dag'],
  ['consensus/checkpoint/', 'checkpoint'],
  ['consensus/pbft/', 'pbft'],
  ['consensus/wire/', 'wire'],
  ['node/replica/', 'replica'],
  ['node/runner', 'runner'],
  ['node/guarded-runner', 'runner'],
  ['node/level/', 'store'],
  ['node/crypto/', 'crypto'],
  ['node/libp2p/', 'libp2p'],
  ['node/http/', 'http'],
  ['node/service/', 'service'],
  ['node/', 'node'],
  ['light-client/', 'light'],
  ['bench/', 'bench'],
];

type Entry = { -readonly [K in keyof FunctionTime]: FunctionTime[K] } & {
  readonly byRoom: Map<string, number>;
};

export interface ProfileOptions {
  /** URL of the folder below which our compiled files lie, such as `file:///…/dist/`. */
  readonly root: string;
  /** The source line of a place in a compiled file, from 1; line and column from 0. */
  readonly sourceLine?: (url: string, line: number, column: number) => number;
}

export function summariseProfile(
  { nodes, samples, timeDeltas }: CpuProfile,
  { root, sourceLine = (_, line) => line + 1 }: ProfileOptions,
): ProfileSummary {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parentOf = new Map(
    nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)),
  );
  const selfOf = new Map<number, number>();
  for (const [at, id] of samples.entries()) selfOf.set(id, (selfOf.get(id) ?? 0) + (timeDeltas[at] ?? 0));

  const rooms = new Map<string, number>();
  const functions = new Map<string, Entry>();
  let totalUs = 0;
  for (const [id, us] of selfOf) {
    if (isOfProfiler(id)) continue;
    totalUs += us;
    const room = roomOf(id);
    rooms.set(room, (rooms.get(room) ?? 0) + us);
    const entry = entryOf(id);
    entry.selfUs += us;
    // What many rooms call is told of where it took most.
    const inRoom = (entry.byRoom.get(room) ?? 0) + us;
    entry.byRoom.set(room, inRoom);
    if (inRoom >= (entry.byRoom.get(entry.room) ?? 0)) entry.room = room;
    // Once for each function on the stack, however deep it calls itself.
    const counted = new Set<string>();
    for (let at: number | undefined = id; at !== undefined; at = parentOf.get(at)) {
      const name = nameOf(byId.get(at)!);
      if (counted.has(name)) continue;
      counted.add(name);
      entryOf(at).totalUs += us;
    }
  }
  return {
    totalUs,
    rooms: [...rooms].map(([room, us]) => ({ room, us })).sort((a, b) => b.us - a.us),
    functions: [...functions.values()]
      .map(({ byRoom: _, ...entry }) => entry)
      .sort((a, b) => b.selfUs - a.selfUs),
  };

  /** Starting and ending the profile takes time as well, which is no vertex's. */
  function isOfProfiler(id: number): boolean {
    for (let at: number | undefined = id; at !== undefined; at = parentOf.get(at))
      if (byId.get(at)!.callFrame.url === 'node:inspector') return true;
    return false;
  }

  function roomOf(id: number): string {
    for (let at: number | undefined = id; at !== undefined; at = parentOf.get(at)) {
      const room = ownRoom(byId.get(at)!, root);
      if (room !== undefined) return room;
    }
    return 'runtime';
  }

  function entryOf(id: number): Entry {
    const node = byId.get(id)!;
    const name = nameOf(node);
    let entry = functions.get(name);
    if (entry === undefined) {
      const { functionName, url, lineNumber, columnNumber } = node.callFrame;
      const file = url.startsWith(root)
        ? `${url.slice(root.length).replace(/\.js$/, '.ts')}:${sourceLine(url, lineNumber, columnNumber)}`
        : shortFile(url);
      entry = {
        name: functionName || '(anonymous)',
        file,
        room: roomOf(id),
        selfUs: 0,
        totalUs: 0,
        byRoom: new Map(),
      };
      functions.set(name, entry);
    }
    return entry;
  }
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  return `${functionName} ${url}:${lineNumber}`;
}

/** The room that a function says itself; `undefined` where its caller decides. */
function ownRoom({ callFrame: { functionName, url } }: ProfileNode, root: string): string | undefined {
  const meta = META.get(functionName);
  if (url === '' && meta !== undefined && functionName !== '(root)') return meta;
  if (url.startsWith(root)) return FOLDERS.find(([folder]) => url.startsWith(folder, root.length))?.[1];
  return PACKAGES.find(([pattern]) => pattern.test(url))?.[1];
}

function shortFile(url: string): string {
  if (url === '') return 'native';
  return /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? url;
}
