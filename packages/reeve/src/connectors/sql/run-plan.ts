import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { moduleUrl } from '../../base/package-files.ts'
import { NotApplied } from '../../engine/calls/effect/definition.ts'
import type { ServiceCall } from '../door/service-call.ts'
import type { FoundRows, Outcome, ReadPlan, Refused, WritePlan, Written } from './plan.ts'
import { onPostgres } from './postgres.ts'

/** One statement takes no longer (ms), where its action does not say so. */
const statementMs = 30_000

/** @throws `not-applied` `service-failed`, and what the account waits for */
export async function readRows(plan: ReadPlan, api: ServiceCall): Promise<FoundRows> {
  const outcome = await outcomeOf(plan, api)
  if ('found' in outcome) return outcome.found
  throw await errorOf(outcome, api)
}

/** @throws as `readRows` */
export async function writeRows(plan: WritePlan, api: ServiceCall): Promise<Written> {
  const outcome = await outcomeOf(plan, api)
  if ('written' in outcome) return outcome.written
  throw await errorOf(outcome, api)
}

async function outcomeOf(plan: ReadPlan | WritePlan, api: ServiceCall): Promise<Outcome> {
  const address = await api.at()
  if (address.startsWith('file:')) return onSqlite(fileURLToPath(address), plan, api.signal)
  const { url } = await api.credential()
  if (typeof url !== 'string' || !/^postgres(?:ql)?:\/\//.test(url))
    throw await api.refused({
      kind: 'credential',
      message: 'it is not an address that begins with postgres://',
    })
  return onPostgres(url, plan, { timeoutMs: statementMs, signal: api.signal })
}

function onSqlite(file: string, plan: ReadPlan | WritePlan, signal: AbortSignal): Promise<Outcome> {
  const worker = new Worker(moduleUrl('connectors/sql/sqlite-thread'), { workerData: { file, plan } })
  return new Promise<Outcome>((resolve, reject) => {
    const cut = () => {
      void worker.terminate()
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', cut, { once: true })
    worker.once('message', resolve)
    worker.once('error', (error) => resolve({ unknown: messageOf(error) }))
    worker.once('exit', () => {
      signal.removeEventListener('abort', cut)
      resolve({ unknown: 'its thread ended' })
    })
  })
}

async function errorOf(outcome: Refused | { unknown: string } | object, api: ServiceCall): Promise<unknown> {
  if (!('refused' in outcome)) {
    const why = 'unknown' in outcome ? outcome.unknown : 'it answered nothing'
    return new ReeveError(
      'service-failed',
      `The database broke off (${String(why)}). Whether it was done is not known.`,
      {
        retryable: true,
      },
    )
  }
  const { refused, code, message } = outcome
  switch (refused) {
    case 'sign-in':
      return api.refused({ kind: 'credential', code, message })
    case 'permission':
      return api.refused({
        kind: 'scope',
        code,
        message,
        scopes: ['a privilege: see the words of the database'],
      })
    case 'unreachable':
      return api.refused({ kind: 'failed', code, message })
    case 'busy':
      return new NotApplied(`The database is busy: ${message}.`, {
        retryable: true,
        details: { outage: true },
      })
    default:
      return api.refused({ kind: 'refused', code, message })
  }
}
