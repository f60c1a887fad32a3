import { z } from 'zod'
import { requireJudged } from '../../../agents/levelled.ts'
import { ReeveError } from '../../../base/errors.ts'
import { isoText } from '../../../base/time/time.ts'
import {
  giveLevelIn,
  type Judged,
  levelledId,
  viewReadiness,
} from '../../../governance/readiness/held-level.ts'
import { levels as allLevels } from '../../../governance/readiness/readiness.ts'
import { evalsFrom } from '../../../inspect/evals/eval-view.ts'
import { listLevels } from '../../../store/authority/levels.ts'
import { type Role, reaches } from '../../../store/identity/principals.ts'
import { read, write } from '../../http/endpoint.ts'
import type { Service } from '../../service.ts'
import { changeAuthority } from '../acting.ts'
import { name, time } from '../parts.ts'

const level = z.enum(allLevels)

const readiness = z.object({
  principal: name,
  kind: z.enum(['agent', 'workflow']),
  name,
  version: z.string().describe('Of its code; of an agent the hash of all that shapes its answers'),
  levelled: z
    .boolean()
    .describe(
      'Whether a level holds for it: it has a checklist, or was given a level; else its grants alone hold',
    ),
  held: level.describe('What an owner gave last, or where it fell to'),
  effective: level.describe('What the evidence still bears of it; it falls there within a minute'),
  earned: level.describe('The highest that checklist and evidence bear'),
  proposed: level.nullable().describe('The next that an owner could give now; null: none'),
  lacks: z
    .array(z.object({ level, why: z.array(z.string()) }))
    .describe('What stands in the way of those not earned'),
  figures: z.object({
    inARow: z.number().describe('Approved without an edit, the last ones in a row'),
    total: z.number().describe('Approved without an edit, of those that are looked at'),
    trials: z.number(),
    surely: z.number().describe('The least that the share of good outcomes surely is (95 %)'),
  }),
})

const evals = z
  .string()
  .min(1)
  .max(300)
  .describe('The evaluation whose last result counts, or `green` or `red`, as an operator tells it')

const params = z.strictObject({ principal: name.describe('agent:NAME or workflow:NAME') })

const list = read({
  path: '/api/levels',
  role: 'viewer',
  summary: 'List the levels of agents and workflows',
  answer: z.object({ items: z.array(z.object({ principal: name, level, by: name, at: time })) }),
  async tell({ service: { database } }) {
    const rows = await listLevels(database)
    return {
      items: rows.map(({ principal, level: held, set_by: by, set_at: at }) => ({
        principal,
        level: held as z.infer<typeof level>,
        by,
        at: isoText(at),
      })),
    }
  },
})

const get = read({
  path: '/api/levels/:principal',
  role: 'viewer',
  summary:
    'Get the level of an agent or workflow: how far it may be trusted, upon what evidence, and what it has earned',
  params,
  query: z.strictObject({ evals: evals.optional() }),
  answer: readiness,
  tell: ({ service, caller, params: { principal }, query: { evals: given } }) => {
    if (given !== undefined) refuseTelling(caller.role)
    return view(service, principal, given)
  },
})

const set = write({
  method: 'POST',
  path: '/api/levels/:principal',
  role: 'owner',
  summary: 'Set the level of an agent or workflow: a lower one, or the next higher one that it has earned',
  params,
  body: z.strictObject({
    level,
    evals: evals.optional(),
    why: z.string().max(1000).optional().describe('Kept in the log of authority'),
  }),
  answer: readiness,
  async act(call) {
    const { level: given, evals: said, why } = call.body
    const judged = await judgedBy(call.service, call.params.principal, said)
    await changeAuthority(call, (session, acting) => giveLevelIn(session, judged, given, acting), why)
    return { subject: levelledId(judged) }
  },
  tell: ({ service }, its) => view(service, its),
})

function codeOf({ internals, project }: Service) {
  return { workflows: internals.engine.workflows, agents: project.agents }
}

async function judgedBy(service: Service, principal: string, said: string | undefined): Promise<Judged> {
  const judged = requireJudged(principal, codeOf(service))
  return said === undefined ? judged : { ...judged, evals: await evalsFrom(service.database, said) }
}

async function view(service: Service, principal: string, said?: string): Promise<z.input<typeof readiness>> {
  const judged = await judgedBy(service, principal, said)
  const { kind, name: its, version } = judged
  const found = await viewReadiness(service.database, judged)
  return { principal: levelledId(judged), kind, name: its, version, ...found }
}

/** @throws `role-too-low` */
function refuseTelling(role: Role): void {
  if (reaches(role, 'operator')) return
  throw new ReeveError(
    'role-too-low',
    `To say what its evaluations came to needs the role operator; you are here as ${role}. Leave \`evals\` out.`,
    { details: { role, wanted: 'operator' } },
  )
}

export const levels = { list, get, set }
