import { z } from 'zod'
import { requireRepair } from '../../../autonomy/repair/promoting/promote.ts'
import { repairDiff, repairView } from '../../../autonomy/repair/repair-view.ts'
import { listRepairs, repairStatuses } from '../../../store/autonomy/repairs.ts'
import { read, write } from '../../http/endpoint.ts'
import type { Service } from '../../service.ts'
import { actingOf } from '../acting.ts'
import { id, json, name, paged, pageOf, paging, placeOf, time } from '../parts.ts'

const view = z.object({
  id,
  script: name,
  file: z.string(),
  status: z.enum(repairStatuses),
  reason: z.string().nullable().describe('What became of it. Untrusted'),
  diagnosis: json.describe('Where the fault lies, and by which rule'),
  runId: z.string().nullable(),
  call: z.number().nullable(),
  failure: json.describe('Untrusted'),
  tries: json.describe('Each fix that was tried, with what became of it. Untrusted'),
  notes: json.describe('The lines that were written into directives'),
  proposalId: z.string().nullable(),
  executionId: z.string().nullable().describe('The run that works at it'),
  watchId: z.string().nullable().describe('The run that watches what was promoted'),
  madeAt: time,
  promotedBy: z.string().nullable(),
  promotedAt: time.nullable(),
  endedAt: time.nullable(),
})
const params = z.strictObject({ repair: id })
const body = z.strictObject({ why: z.string().max(1000).optional() })

const list = read({
  path: '/api/repairs',
  role: 'viewer',
  summary: 'List the repairs of scripts, the newest first',
  query: z.strictObject({ script: name.optional(), status: z.enum(repairStatuses).optional(), ...paging }),
  answer: pageOf(view),
  async tell({ service: { database }, query: { script, status, limit, cursor } }) {
    const below = placeOf(cursor, 'string')
    const rows = await listRepairs(database, { script, status, below, limit: limit + 1 })
    return paged(rows, limit, { view: repairView, place: (row) => row.id })
  },
})

const one = read({
  path: '/api/repairs/:repair',
  role: 'viewer',
  summary: 'Get a repair: what failed, where the fault lies, which fixes were tried and what proved one',
  params,
  answer: view,
  tell: ({ service, params: { repair } }) => tellRepair(service, repair),
})

const diff = read({
  path: '/api/repairs/:repair/diff',
  role: 'viewer',
  summary: 'Compare the script of a repair with its fix',
  params,
  answer: z.object({
    file: z.string(),
    hunks: z.array(z.array(z.object({ kind: z.enum(['same', 'removed', 'added']), text: z.string() }))),
  }),
  async tell({ service: { database }, params: { repair } }) {
    const row = await requireRepair(database, repair)
    return { file: row.file, hunks: repairDiff(row) }
  },
})

const promote = write({
  method: 'POST',
  path: '/api/repairs/:repair/promote',
  role: 'operator',
  summary: 'Promote a repair: its fix takes the place of the script, and is watched',
  params,
  body,
  answer: view,
  subjectOf: ({ params: { repair } }) => repair,
  async act({ service, database, caller, params: { repair }, body: { why } }) {
    await service.internals.repairs.promote(repair, actingOf(service, caller, why), database)
    return { subject: repair }
  },
  tell: ({ service }, repair) => tellRepair(service, repair),
})

const rollback = write({
  method: 'POST',
  path: '/api/repairs/:repair/rollback',
  role: 'operator',
  summary: 'Roll back a repair: the script becomes what it was before',
  params,
  body,
  answer: view,
  subjectOf: ({ params: { repair } }) => repair,
  async act({ service, database, caller, params: { repair }, body: { why } }) {
    await service.internals.repairs.rollBack(repair, actingOf(service, caller, why), database)
    return { subject: repair }
  },
  tell: ({ service }, repair) => tellRepair(service, repair),
})

async function tellRepair({ database }: Service, wanted: string): Promise<z.input<typeof view>> {
  return repairView(await requireRepair(database, wanted))
}

export const repairs = { list, one, diff, promote, rollback }
