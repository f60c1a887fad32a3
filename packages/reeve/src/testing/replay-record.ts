import { ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json/json.ts'
import { silentLog } from '../base/log.ts'
import { systemClock } from '../base/time/time.ts'
import { describeDifference, type ReplayedRun } from '../evals/replay/compare.ts'
import type { RecordedRun } from '../evals/replay/recorded-run.ts'
import { replayRecorded } from '../runtime/evals/replaying.ts'
import { Runtime } from '../runtime/runtime.ts'
import { givenOf, projectFor, type TestOptions } from './test-options.ts'

/** How a recorded run ends: in the record, and with the code that there is now. */
export interface ReplayedEnd {
  /** `succeeded` or `failed`. */
  status: string
  /** What the workflow returned. Only where it succeeded. */
  output?: Json
  /** Only where it failed. */
  error?: { code: string; message: string }
}

/**
 * Tries the project's code over a run that `reeve test record RUN` kept, and answers how it ended. Models, tools, steps,
 * people, signals and the time are answered from the record: nothing outside is touched, whatever the code does.
 * @throws `record-differs` when the code calls something else, with other arguments, or ends otherwise; `bad-record`
 * @example
 * import { readFileSync } from 'node:fs'
 * import { replayRecord } from 'reeve/testing'
 *
 * const record = JSON.parse(readFileSync('test/recorded/invoice.json', 'utf8'))
 * const { status, output } = await replayRecord(record, { project: '.' })
 * console.log(status, output)
 */
export async function replayRecord(
  record: RecordedRun,
  options: Pick<TestOptions, 'project' | 'workflows' | 'tools' | 'config'> = {},
): Promise<ReplayedEnd> {
  const runtime = await Runtime.open({
    project: await projectFor(options),
    ...givenOf({}, 'tester'),
    clock: systemClock,
    log: silentLog,
    sandbox: true,
  })
  try {
    const replayed = await replayRecorded(runtime, record)
    if (replayed.outcome === 'same') return replayed.was
    throw new ReeveError('record-differs', differs(replayed), { details: { ...replayed } })
  } finally {
    await runtime.stop(0)
  }
}

function differs({ runId, workflow, why, differences }: ReplayedRun): string {
  const lines = differences.map((each) => `\n  ${describeDifference(each)}`)
  return `The code of "${workflow}" does not do what run ${runId} did: ${why ?? 'it differs'}.${lines.join('')}`
}
