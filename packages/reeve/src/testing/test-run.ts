import { ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json/json.ts'
import { readHistory } from '../engine/replay/history.ts'
import type { RunResult } from '../engine/results.ts'
import type { RunView } from '../inspect/run/run-view.ts'
import { timelineOf } from '../inspect/run/story/timeline.ts'
import { toolCalls } from '../inspect/run/story/tool-calls.ts'
import { internalsOf, type Runtime } from '../runtime/runtime.ts'
import { type JournalEvent, readEvents } from '../store/journal/journal.ts'
import { type RunStatus, requireRun } from '../store/runs/runs.ts'
import { refuseMisspelt } from './life/tool-names.ts'

/** A run that a test started or found. It is the same one after a crash. */
export class TestRun<Output = unknown> {
  readonly id: string
  /** Once all rests. */
  readonly #runtime: () => Promise<Runtime>

  /** @internal */
  constructor(id: string, runtime: () => Promise<Runtime>) {
    this.id = id
    this.#runtime = runtime
  }

  /** How it stands: as `runtime.getRun` tells. */
  async view(): Promise<RunView> {
    return (await this.#runtime()).getRun(this.id)
  }

  /** Its status: `waiting`, `succeeded`, … */
  async status(): Promise<RunStatus> {
    return (await this.view()).status
  }

  /** How it ended. @throws `run-waits` when it has not */
  async result(): Promise<RunResult<Output>> {
    const { status, reason } = await this.view()
    if (status === 'succeeded' || status === 'failed' || status === 'cancelled' || status === 'stuck')
      return (await (await this.#runtime()).result(this.id)) as RunResult<Output>
    throw new ReeveError(
      'run-waits',
      `The run is ${status}${reason === null ? '' : `: ${reason}`}. Decide, signal, or let time pass (test.advance) before you ask how it ended.`,
    )
  }

  /** What it returned. @throws `run-waits`, and what the run failed with */
  async output(): Promise<Output> {
    const result = await this.result()
    if (result.status === 'succeeded') return result.output
    if (result.status === 'failed') throw result.error
    throw new ReeveError(
      'run-ended',
      `The run is ${result.status}: ${result.reason ?? 'it does not say why'}.`,
    )
  }

  /** All that its journal says. */
  async journal(): Promise<JournalEvent[]> {
    const { database } = internalsOf(await this.#runtime())
    return readEvents(database, (await requireRun(database, this.id)).no)
  }

  /** The tools that it called, in order, those of its agents too; of one name where one is given. @throws `unknown-tool` for a misspelt name */
  async toolCalls(name?: string): Promise<CalledTool[]> {
    const { calls } = readHistory(await this.journal())
    const inOrder = [...calls.values()].sort((left, right) => left.step - right.step)
    const all = toolCalls(inOrder)
    if (name !== undefined)
      refuseMisspelt(
        [name],
        await this.#runtime(),
        all.map((call) => call.name),
      )
    return all
      .filter((call) => name === undefined || call.name === name)
      .map(({ name, agent, args, state, result, error, approval }) => ({
        name,
        agent: agent?.name ?? null,
        args,
        state,
        result,
        error: error && { code: error.code, message: error.message },
        approval: approval && { by: approval.by, edited: approval.edited, note: approval.note },
      }))
  }

  /** What happened, a line an event, without ids, times and places in code: for a snapshot. */
  async story(): Promise<string[]> {
    const { asks } = await this.view()
    const ids = [this.id, ...asks.map(({ id }) => id)]
    return timelineOf(await this.journal()).map(({ name, words }) => {
      const told = words.replace(/, thrown in \S+:\d+:\d+$/, '')
      const line = name === null || told.includes(name) ? told : `${name}: ${told}`
      return ids.reduce((text, id) => text.replaceAll(id, 'ID'), line)
    })
  }
}

/** A call of a tool, as the journal has it. */
export interface CalledTool {
  name: string
  /** The agent that called it; null: the workflow's own code. */
  agent: string | null
  /** Undefined for reads of a workflow's own code, which the journal does not have. */
  args: Json | undefined
  /** `unknown`: whether it happened is not known, and a person is asked. */
  state: 'completed' | 'failed' | 'unknown' | 'under way'
  result: Json | undefined
  error: { code: string; message: string } | undefined
  /** Who approved exactly these arguments; null when nobody was asked. */
  approval: { by: string | null; edited: boolean; note: string | null } | null
}

/** What a person says to an approval or a question. */
export interface TestDecision {
  /** Who says it. Default `tester`. */
  by?: string | undefined
  note?: string | undefined
  /** Of `approve`: top-level keys that are laid over what was asked, as `--edit` on the command line. */
  edit?: Json | undefined
}

/** What is decided on: what the run asks first, or what is named by its id. @throws `nothing-asked` */
export async function idOfAsked(asked: TestRun | string): Promise<string> {
  if (typeof asked === 'string') return asked
  const { asks, status, reason } = await asked.view()
  if (asks[0]) return asks[0].id
  const why = reason === null ? '' : ` (${reason})`
  throw new ReeveError('nothing-asked', `The run asks nothing now: it is ${status}${why}.`)
}
