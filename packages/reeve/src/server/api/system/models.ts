import { z } from 'zod'
import type { HostedSolver } from '../../../models/providers/hosted.ts'
import type { Solver } from '../../../models/solver.ts'
import { listBreakers } from '../../../store/spending/breakers.ts'
import { read } from '../../http/endpoint.ts'
import type { Service } from '../../service.ts'
import { iso, time } from '../parts.ts'

const breaker = z.object({
  host: z.string(),
  pid: z.number(),
  failures: z.number().describe('In a row'),
  openedAt: time,
  probeAt: time.describe('From then on one question may try it'),
})

const solver = z.object({
  name: z.string(),
  kind: z.string().describe('`hosted`, `local`, `rule` …'),
  price: z
    .object({ inputUsdPerMillion: z.number(), outputUsdPerMillion: z.number(), asOf: z.string() })
    .nullable()
    .describe('null: free, or not known'),
  address: z.string().nullable(),
  keyName: z.string().nullable().describe('The variable that its key comes from; never the key'),
  problem: z.string().nullable().describe('Why it is not asked'),
  breakers: z.array(breaker).describe('Of workers whose circuit breaker for it is open'),
})

const route = z.object({ name: z.string(), solvers: z.array(solver) })

const list = read({
  path: '/api/models',
  role: 'viewer',
  summary: 'List the routes of models with their solvers, prices and open breakers',
  answer: z.object({ items: z.array(route) }),
  async tell({ service }) {
    const { internals, database } = service
    const circuits = Map.groupBy(await listBreakers(database), (row) => row.solver)
    const breakersOf = (its: string): z.input<typeof breaker>[] =>
      (circuits.get(its) ?? []).map(({ host, pid, failures, opened_at, probe_at }) => ({
        host,
        pid,
        failures,
        openedAt: iso(opened_at),
        probeAt: iso(probe_at),
      }))
    return {
      items: [...internals.routes].map(([its, { solvers }]) => ({
        name: its,
        solvers: [
          ...lostOf(service, its),
          ...solvers
            .filter((each) => !lostOf(service, its).some((lost) => lost.name === each.name))
            .map((each) => ({ ...view(each), breakers: breakersOf(each.name) })),
        ],
      })),
    }
  },
})

type SolverView = z.input<typeof solver>

function lostOf({ internals }: Service, its: string): SolverView[] {
  return internals.unusable
    .filter((one) => one.route === its)
    .map((one) => ({
      name: one.solver,
      kind: 'hosted',
      price: null,
      address: null,
      keyName: null,
      problem: one.error.message,
      breakers: [],
    }))
}

function view(given: Solver): Omit<SolverView, 'breakers'> {
  const { price, access } = given as Partial<HostedSolver>
  return {
    name: given.name,
    kind: given.kind,
    price: price
      ? {
          inputUsdPerMillion: price.inputUsdPerMillion,
          outputUsdPerMillion: price.outputUsdPerMillion,
          asOf: price.asOf,
        }
      : null,
    address: access?.address ?? null,
    keyName: access?.keyName ?? null,
    problem: null,
  }
}

export const models = { list }
