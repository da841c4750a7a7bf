/** A proof bundle as an answer: its bytes, or the refusal why there is none. */

import type { FastifyReply } from 'fastify';
import type { Result } from '../../consensus/codec/result.ts';
import { sendRefusal } from './problem.ts';

export function sendBundle(reply: FastifyReply, bundle: Result<Uint8Array>): FastifyReply {
  if (!bundle.ok) return sendRefusal(reply, bundle);
  return reply.type('application/octet-stream').send(Buffer.from(bundle.value));
}
