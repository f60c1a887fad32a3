import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { readEnvironment } from '../base/config.ts'
import { silentLog } from '../base/log.ts'
import { requireConnection } from '../connectors/host/connecting.ts'
import { reachedStandIn } from '../connectors/host/stand-ins.ts'
import type { RunningStandIn } from '../connectors/shape/sandbox.ts'
import { projectOf } from '../project/load.ts'
import { internalsOf, Runtime } from '../runtime/runtime.ts'
import { standInOf as keptStandIn } from '../store/connectors/stand-ins.ts'
import type { TestRuntime } from './test-runtime.ts'

/** Where a stand-in answers. */
export type StandInPlace = Pick<Required<RunningStandIn>, 'url' | 'endpoints'>

/**
 * Where the stand-in of a connection answers, of a test. It starts when nothing used it before.
 * @param connection its name, as under `connectors` of the configuration
 * @throws `unknown-connection`
 * @example
 * import { stripe } from 'reeve/connectors/stripe'
 * import { standInOf, testRuntime } from 'reeve/testing'
 *
 * await using test = await testRuntime({ config: { connectors: { stripe: stripe() } } })
 * const { url } = await standInOf(test, 'stripe')
 * console.log(`This Stripe answers at ${url}`)
 */
export async function standInOf(test: TestRuntime, connection: string): Promise<StandInPlace> {
  const { connections } = internalsOf(test.runtime)
  return placeOf(await connections.standIns.of(requireConnection(connections, connection)))
}

/**
 * Where the stand-in of a connection answers, of a project that another process has at work (`reeve dev`, `reeve start --sandbox`).
 * Undefined: none answers; it starts with the first thing that is asked of it.
 * @param connection its name, as under `connectors` of the configuration
 * @example
 * import { runningStandIn } from 'reeve/testing'
 *
 * const mail = await runningStandIn('email', { project: '.' })
 * console.log(mail ? `The mail server of this machine answers at ${mail.url}` : 'Start it first: npx reeve dev')
 */
export async function runningStandIn(
  connection: string,
  { project }: { project: string },
): Promise<StandInPlace | undefined> {
  const folder = resolve(project)
  const environment = readEnvironment(folder)
  const { database } = environment
  if (database.kind === 'sqlite' && !existsSync(database.file)) return undefined
  const empty = projectOf({ knowledge: [] }, [], folder)
  const runtime = await Runtime.open({ project: empty, environment, log: silentLog })
  try {
    const kept = await keptStandIn(internalsOf(runtime).database, connection)
    const reached = kept === undefined ? undefined : await reachedStandIn(kept)
    return reached && placeOf(reached)
  } finally {
    await runtime.stop()
  }
}

function placeOf({ url, endpoints = {} }: RunningStandIn): StandInPlace {
  return { url, endpoints }
}
