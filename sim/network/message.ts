/** What a frame says, for the trace: its kind and digest for the hash, a short sentence for people. */

import { createHash } from 'node:crypto';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { decodeVertex } from '../../consensus/vertex/vertex.ts';
import { bundle, type PeerMessage, peerMessage } from '../../consensus/wire/messages.ts';

/** In the order of their tags (consensus/wire/messages.ts). */
const kinds = [
  'certified',
  'getCheckpoint',
  'checkpoint',
  'tips',
  'getVertices',
  'vertices',
  'proposal',
  'vote',
  'viewChange',
  'callOffer',
  'callNews',
  'links',
  'getChain',
  'getBatches',
  'batches',
  'getChanges',
  'changes',
  'getSnapshot',
  'snapshot',
  'getState',
  'state',
  'getPeaks',
  'peaks',
  'getHeader',
  'provedHeader',
  'getSealed',
  'sealed',
] as const satisfies readonly PeerMessage['type'][];
export type MessageKind = (typeof kinds)[number] | 'gossip' | 'garbage';

/** A two-element array whose first element is a small number: `[tag, fields]`. */
export function kindOf(frame: Uint8Array): MessageKind {
  return frame[0] === 0x92 ? (kinds[frame[1]!] ?? 'garbage') : 'garbage';
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

const short = (id: Uint8Array): string => toHex(id).slice(0, 8);

export function tellFrame(frame: Uint8Array): string {
  const decoded = peerMessage.decode(frame);
  if (!decoded.ok) return `garbage, ${frame.length} bytes`;
  const message = decoded.value;
  switch (message.type) {
    case 'certified':
      return `certified height ${message.header.height} ${short(headerId(message.header))}`;
    case 'checkpoint':
      return `checkpoint height ${message.header.height} ${short(headerId(message.header))}, ${message.outcomes.length} outcomes`;
    case 'getCheckpoint':
      return `asks for checkpoint ${message.height}`;
    case 'tips':
      return `tips ${message.ids.map(short).join(' ')}`;
    case 'getVertices':
      return `asks for ${message.ids.map(short).join(' ')}`;
    case 'vertices':
      return `vertices ${message.vertices.map(tellVertex).join(', ')}`;
    case 'proposal':
      return `proposal height ${message.header.height} view ${message.view} ${short(headerId(message.header))}`;
    case 'vote':
      return `${message.phase} height ${message.height} view ${message.view} ${short(message.headerId)}`;
    case 'viewChange':
      return `view-change height ${message.height} to view ${message.view}${message.prepared === undefined ? '' : `, prepared ${short(headerId(message.prepared.header))}`}`;
    case 'callOffer':
      return `offers a call of ${message.call.length} bytes`;
    case 'getChain':
      return `asks for ${short(message.id)} and ${message.count - 1} before it`;
    case 'getBatches':
      return `asks for the batches ${message.ids.map(short).join(' ')}`;
    case 'batches':
      return `batches ${message.vertices.map(tellVertex).join(', ')}; ${message.refused.length} refused`;
    case 'getChanges':
      return `asks for the changes of committee from epoch ${message.epoch}`;
    case 'changes':
      return `${message.changes.length} changes of committee from epoch ${message.epoch}`;
    case 'getSnapshot':
      return 'asks for a snapshot';
    case 'snapshot':
      return `offers the snapshot of height ${message.header.height}`;
    case 'getState':
      return `asks for the state of height ${message.height} from ${short(message.from)}`;
    case 'state':
      return `${message.objects.length} objects of height ${message.height} from ${short(message.from)}`;
    case 'getPeaks':
      return `asks for the peaks over ${message.size} headers`;
    case 'peaks':
      return `${message.hashes.length} peaks over ${message.size} headers`;
    case 'getHeader':
      return `asks for header ${short(message.id)} among ${message.size}`;
    case 'provedHeader':
      return `header ${message.header.height} among ${message.size}`;
    case 'getSealed':
      return `asks for the messages ${message.ids.map(short).join(' ')}`;
    case 'sealed':
      return `messages ${message.messages.map(({ id }) => short(id)).join(' ')}; ${message.absent.length} absent`;
    case 'links':
      return `links to ${message.peers.map(short).join(' ')}`;
    case 'callNews':
      return `news of call ${short(message.call)}: ${message.signatures.length} signed, ${message.declines.length} declined`;
  }
}

export function tellGossip(data: Uint8Array): string {
  const decoded = bundle.decode(data);
  return decoded.ok
    ? `gossip ${decoded.value.vertices.map(tellVertex).join(', ')}`
    : `gossip of garbage, ${data.length} bytes`;
}

function tellVertex(envelope: Uint8Array): string {
  const decoded = decodeVertex(envelope);
  if (!decoded.ok) return 'garbage';
  const { kind, author, sequence, id } = decoded.value;
  return `${kind} ${sequence} by ${short(author)} (${short(id)})`;
}
