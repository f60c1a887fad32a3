import { z } from 'zod'
import { count, json, text, time } from './things.ts'

const flag = z.boolean()
const counted = { runs: count, events: count }

const verified = {
  ok: flag,
  ...counted,
  pruned: z.object(counted),
  faults: z.array(z.object({ runId: text, seq: count, problem: text })),
  integrity: z.array(json),
}

/** Of the commands of `Keep`. */
export const keepAnswers: Record<string, z.ZodType> = {
  'audit verify': z.object({
    ...verified,
    complete: flag,
    before: z.object({ at: time, runs: count, sampled: count }).nullable(),
    markDamaged: flag,
    heads: z.object({ count, signedBy: z.array(z.object({ publicKey: text, isKnown: flag })) }).nullable(),
    keptHeads: count,
    more: flag,
    unchecked: z.array(text),
  }),
  'audit verify RUN': z.object(verified),
  'audit export': z.object({ file: text, lines: count, verifier: text }),
  'audit head': z.object({
    format: text,
    database: text,
    no: count,
    at: time,
    hash: text,
    publicKey: text,
    signature: text,
  }),
  'audit key': z.object({
    place: text,
    keys: z.array(z.object({ id: text, publicKey: text })),
    inUse: text.nullable(),
    problem: text.nullable(),
  }),
  'audit key --rotate': z.object({ key: text, place: text }),
  backup: z.object({ of: text, file: text, bytes: count, runs: count, events: count.nullable() }),
  prune: z.object({
    configured: flag,
    dryRun: flag,
    ...counted,
    statuses: z.array(json).optional(),
    chapters: z.object({ ...counted, bytes: count.optional() }),
    memory: count,
    rules: z.array(json).optional(),
  }),
  compact: z.object({ database: text, way: text, before: count, after: count, complete: flag }),
  erase: z.object({
    ...counted,
    rows: count,
    going: z.array(text),
    files: z.array(json),
    stays: z.array(z.object({ what: text, rows: count, advice: text })),
    bytes: text,
    outOfReach: z.array(text),
  }),
  migrate: z.object({ database: text, from: count, to: count, pgvector: flag }),
  'db copy': z.object({
    from: text,
    to: text,
    ...counted,
    inFlight: z.record(z.string(), count),
    rows: z.record(z.string(), count),
  }),
  'db restore': z.object({
    database: text,
    of: text,
    at: time,
    held: z.array(json),
    paused: count,
    revoked: z.object({ tokens: count, sessions: count }),
  }),
  'db reopen': z.object({ database: text, reopened: flag, copy: text.nullable() }),
  'db adopt': z.object({ database: text, project: text, names: z.array(text) }),
}
