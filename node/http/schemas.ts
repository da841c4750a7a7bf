/** JSON Schemas that several routes share, for validation and for the OpenAPI document. */

import { codes } from '../../consensus/codec/codes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { copiesMax } from '../service/calls.ts';
import { pageMax } from '../service/views.ts';

export const idSchema = {
  type: 'string',
  pattern: '^[0-9a-fA-F]{64}$',
  description: '64 hexadecimal digits.',
} as const;

const callHex = { type: 'string', minLength: 2, maxLength: 2 * limits.callBytesMax } as const;

/** One call in hexadecimal, or copies of it that were signed apart. */
export const callBody = {
  type: 'object',
  properties: {
    call: {
      description: 'The call in hexadecimal; or several copies of it, whose signatures are put together.',
      anyOf: [callHex, { type: 'array', items: callHex, minItems: 1, maxItems: copiesMax }],
    },
  },
  required: ['call'],
  additionalProperties: false,
} as const;

export interface CallBody {
  readonly call: string | readonly string[];
}
export const copiesOf = ({ call }: CallBody): readonly string[] => (typeof call === 'string' ? [call] : call);

/** Hexadecimal of every copy that one request may carry, and the JSON around it. */
export const callBodyBytesMax = copiesMax * (2 * limits.callBytesMax + 8) + 1_024;

export const outcomeSchemaJson = {
  type: ['object', 'null'],
  description: 'What came of it; null while pending, when nobody may rely on it.',
  properties: {
    code: { type: 'string', enum: Object.keys(codes) },
    meaning: { type: 'string' },
    conflict: { type: 'string', description: 'Id of what stood in the way; zeros when nothing did.' },
    object: {
      type: ['object', 'null'],
      description: 'Of a refusal: the object with that id, as the state is now, or the vertex.',
      properties: { type: { type: 'string' }, id: { type: 'string' } },
    },
    remedy: { type: 'string', description: 'Of a refusal: what would make it pass.' },
    height: { type: 'integer' },
    index: { type: 'integer', description: 'Place among the checkpoint’s outcomes.' },
    time: { type: 'integer', description: 'Checkpoint time, ms.' },
  },
} as const;

export const submissionSchema = {
  type: 'object',
  properties: {
    callId: idSchema,
    vertex: idSchema,
    transition: { type: 'string' },
    status: { type: 'string', enum: ['pending', 'final'] },
    outcome: outcomeSchemaJson,
    latencyMs: { type: ['integer', 'null'], description: 'From arrival here to the durable checkpoint.' },
  },
} as const;

export const describedCallSchema = {
  type: 'object',
  properties: {
    call: { type: 'string', description: 'The call in hexadecimal, to be passed on and signed.' },
    callId: idSchema,
    transition: { type: 'string' },
    deadline: { type: 'integer', description: 'Checkpoint time after which it has no effect, ms.' },
    nonce: { type: 'string', description: 'Given again, only one of the two calls takes effect.' },
    args: { type: 'object', additionalProperties: true },
    signatures: {
      type: 'array',
      items: { type: 'object', properties: { key: idSchema, party: { type: ['string', 'null'] } } },
    },
    signers: {
      type: ['array', 'null'],
      description: 'Who must sign, as far as the present state tells.',
      items: {
        type: 'object',
        properties: {
          party: idSchema,
          roles: { type: 'array', items: { type: 'string' } },
          signed: { type: 'boolean' },
        },
      },
    },
  },
} as const;

export const objectViewSchema = {
  type: 'object',
  properties: {
    type: { type: 'string' },
    id: idSchema,
    classes: {
      type: 'array',
      items: { type: 'integer' },
      description: 'Visibility classes shown: 0, and 1 and 2 where this node’s party may see them.',
    },
    value: { type: 'object', additionalProperties: true },
  },
} as const;

export const limitQuery = { type: 'integer', minimum: 1, maximum: pageMax, default: 50 } as const;
/** A free-form JSON answer. */
export const anyObject = { type: 'object', additionalProperties: true } as const;
export const octets = {
  description: 'A proof bundle.',
  content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
} as const;
export const problems = { '4xx': { $ref: 'Problem#' }, '5xx': { $ref: 'Problem#' } } as const;
