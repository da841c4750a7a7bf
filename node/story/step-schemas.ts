/** The form of a scenario file's parts: names, kinds and units of its fields. What they refer to is checked elsewhere. */

import { z } from 'zod';
import { pace } from '../../consensus/checkpoint/genesis.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { roles } from '../../consensus/contracts/registry.ts';
import { parseDecimal } from '../../consensus/vertex/decimal.ts';
import { quantities } from '../../consensus/vertex/quantities.ts';
import { parseTime } from './references.ts';

const name = z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected a name such as bank-a');
/** As it stands in the genesis. */
const title = z.string().regex(/^[\x20-\x7e]{1,80}$/, 'expected 1 to 80 ASCII characters');
const sentence = z.string().min(1).max(300);
const time = z
  .string()
  .transform((text, context) => parseTime(text) ?? refuse(context, 'expected a time such as 90s, 5m or 2h'));
const decimal = z
  .union([z.number(), z.string()])
  .transform(String)
  .refine((text) => parseDecimal(text) !== undefined, 'expected a decimal of at most 15 digits');
const programme = z.union([
  decimal.transform((value) => ({ type: 'values' as const, values: [value] })),
  z
    .array(decimal)
    .min(1)
    .transform((values) => ({ type: 'values' as const, values })),
  z
    .strictObject({ from: decimal, perMinute: decimal })
    .transform((line) => ({ type: 'line' as const, ...line })),
]);
const json = z.json() as z.ZodType<Json>;
const fields = z.record(z.string(), json);

const functions = [...new Set(Object.values(quantities).map((quantity) => quantity.function))] as const;
const told = { name, say: sentence };

/** By the word that says what a step does. */
export const stepSchemas = {
  call: z.strictObject({
    ...told,
    call: z.string(),
    by: z.array(name).default([]),
    args: fields.default({}),
    expect: z.string().default('OK'),
    conflict: z.string().optional(),
    on: z.string().optional(),
    over: z.record(z.string(), decimal).optional(),
    times: z.int().min(1).optional(),
    effective: z.int().min(0).optional(),
  }),
  feed: z.strictObject({
    ...told,
    feed: z.record(name, z.record(z.string(), programme)),
    every: time.optional(),
    for: time.optional(),
  }),
  wait: z.strictObject({ ...told, wait: time, since: name.optional() }),
  check: z.strictObject({
    ...told,
    check: z.string(),
    id: z.string(),
    by: name,
    fields: fields.optional(),
    absent: z.literal(true).optional(),
  }),
};
export type Verb = keyof typeof stepSchemas;
export const verbs = Object.keys(stepSchemas) as readonly Verb[];
export type WrittenStep = { [V in Verb]: z.output<(typeof stepSchemas)[V]> };

export const storySchema = z.strictObject({
  title: sentence,
  gateway: name.optional(),
  policy: fields.default({}),
  pace: z
    .strictObject(Object.fromEntries(pace.fieldNames.map((field) => [field, z.int().min(1).optional()])))
    .default({}),
  cast: z.record(name, z.strictObject({ roles: z.array(z.enum(roles)).min(1), title: title.optional() })),
  devices: z
    .record(
      name,
      z.strictObject({
        owner: name,
        functions: z.array(z.enum(functions)).min(1),
        identifier: z.string().optional(),
        key: z.boolean().default(true),
      }),
    )
    .default({}),
  names: z
    .record(
      name,
      z.union([
        z.strictObject({ sscc: z.string() }),
        z.strictObject({ lot: z.string() }),
        z.strictObject({ giai: z.string() }),
        z.strictObject({ gln: z.string(), zone: z.string() }),
        z.strictObject({ money: name, currency: z.string() }),
        z.strictObject({ account: name, of: name }),
        z.strictObject({ result: name, of: name }),
        z.strictObject({ document: z.string() }),
      ]),
    )
    .default({}),
  step: z.array(z.record(z.string(), json)).min(1).max(1_000),
});
export type WrittenStory = z.output<typeof storySchema>;

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue(message);
  return z.NEVER;
}
