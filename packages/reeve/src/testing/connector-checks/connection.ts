import { z } from 'zod'
import { connector } from '../../connectors/connector.ts'
import type { AnyAction } from '../../connectors/shape/action.ts'
import type { Connection } from '../../connectors/shape/connection.ts'
import type { RunningStandIn } from '../../connectors/shape/sandbox.ts'
import { workflow } from '../../context.ts'
import type { Workflow } from '../../engine/workflow.ts'
import type { ConnectorCase } from './case.ts'

/** A case's connection to a stand-in that runs already, without approvals. */
export function connectionTo(
  of: ConnectorCase,
  standIn: RunningStandIn,
  {
    credential,
    afterwards,
    settings,
  }: {
    credential: string
    afterwards?: (action: string) => Promise<void>
    /** Beside those of the case. */
    settings?: Record<string, unknown> | undefined
  },
): Connection {
  const { definition } = of.connector
  const actions = Object.fromEntries(
    Object.entries(definition.actions as Record<string, AnyAction>).map(([name, its]) => {
      if (!afterwards) return [name, its]
      const run = async (args: unknown, api: never) => {
        const result = await its.definition.run(args, api)
        await afterwards(name)
        return result
      }
      return [name, { ...its, definition: { ...its.definition, run } }]
    }),
  )
  return connector({
    ...definition,
    actions,
    sandbox: {
      ...definition.sandbox,
      standIn: { ...definition.sandbox.standIn, credential, load: async () => async () => standIn },
    },
  })({
    ...of.settings,
    ...settings,
    rules: Object.fromEntries(Object.keys(actions).map((name) => [name, { approval: 'never' }])),
  } as never)
}

/** A workflow that makes one call. */
export function oneCall(connection: Connection): Workflow<{ action: string; args: Record<string, unknown> }> {
  return workflow({
    name: 'one',
    input: z.object({ action: z.string(), args: z.record(z.string(), z.unknown()) }),
    run: async (ctx, { action, args }) => {
      const tool = connection.tools.find(({ name }) => name === `${connection.name}.${action}`)!
      return ctx.call(tool, args as never)
    },
  }) as never
}
