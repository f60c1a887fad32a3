import { z } from 'zod'
import { ReeveError } from '../../../src/base/errors.ts'
import type { Json } from '../../../src/base/json/json.ts'
import type { CoreContext } from '../../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../../src/engine/workflow.ts'
import { listPending } from '../../../src/store/approvals/approvals.ts'
import { drivenVersions, lackOf } from '../../../src/store/dispatch/workers.ts'
import type { RunRow } from '../../../src/store/runs/runs.ts'
import type { Outside } from '../../crash/outside.ts'
import { witness } from '../../crash/shapes/shape.ts'
import type { Life, Village } from '../simulation/village.ts'
import { type Code, runCode, signalsOf } from './program.ts'

const tooLate = new Set(['run-ended', 'already-decided', 'approval-expired', 'cannot-retry'])
const mostTurns = 1500

/** The workflows of a worker with these codes. */
export function workflowsOf(
  codes: Code[],
  outside: Outside,
  codeOf = (code: Code, _run: string) => code,
): Workflow[] {
  const seen = witness(outside)
  const helper = defineWorkflow({
    name: 'helper',
    input: z.number(),
    run: (ctx: CoreContext, input) => ctx.step('double', () => input * 2),
  })
  const programs = codes.map((code) =>
    defineWorkflow({
      name: 'program',
      version: code.version,
      input: z.number().min(code.smallestInput),
      run: (ctx: CoreContext) => runCode(ctx, seen, codeOf(code, ctx.runId)),
    }),
  )
  return [...programs, helper] as Workflow[]
}

/** Those who start runs, and answer all that these ask. */
export class People {
  readonly #village: Village
  readonly #signals: string[]
  readonly #random: () => number

  constructor(village: Village, codes: Code[], random: () => number) {
    this.#village = village
    this.#signals = [...new Set(codes.flatMap((code) => signalsOf(code.parts)))]
    this.#random = random
  }

  /** Starts the runs 1 to `last`; those that are there already stay as they are. */
  start(life: Life, last: number): void {
    this.#village.act(life, async () => {
      for (let key = 1; key <= last; key++) {
        try {
          await life.engine.startRun('program', key, { idempotencyKey: `run-${key}` })
        } catch (error) {
          if (!(error instanceof ReeveError && error.code === 'invalid-input')) throw error
        }
      }
    })
  }

  retry(life: Life, runs: string[]): void {
    this.#village.act(life, async () => {
      for (const run of runs) await tolerantly(life.engine.control.retry(run, 'ada'))
    })
  }

  async work(turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await this.#turn()
  }

  /** Works until every run has ended or is stuck. `between` may do something to the workers first. */
  async workUntilRest(between: (turn: number) => Promise<void> = async () => {}): Promise<void> {
    const { database, violations } = this.#village
    for (let turn = 0; turn < mostTurns; turn++) {
      await between(turn)
      await this.#turn()
      if (this.#village.alive.some(({ busy }) => busy > 0)) continue
      const open = await database.all<RunRow>(
        `select * from runs where ended_at is null and status <> 'stuck'`,
      )
      const driven = await drivenVersions(database)
      if (open.every((run) => lackOf(run, driven) !== undefined)) return
    }
    const runs = await database.all<RunRow>('select * from runs where ended_at is null')
    const states = runs.map((run) => `${run.id} ${run.status} ${run.reason ?? ''} ${run.wake_at ?? ''}`)
    violations.push({ invariant: 'I4', what: `this did not come to rest: ${states.join(', ')}` })
  }

  async #turn(): Promise<void> {
    for (const life of this.#village.alive)
      if (life.busy === 0) this.#village.act(life, () => this.#answer(life))
    await this.#village.pass()
  }

  async #answer({ engine, link }: Life): Promise<void> {
    const runs = await link.database.all<RunRow>(
      `select * from runs where workflow = 'program' and ended_at is null`,
    )
    for (const run of runs) {
      for (const name of this.#signals) {
        if (this.#random() < 0.15) await tolerantly(engine.control.signal(run.id, name, name, { id: name }))
      }
    }
    for (const approval of await listPending(link.database)) {
      if (this.#random() < 0.5) continue
      if (approval.kind !== 'outcome') {
        const verdict = this.#random() < 0.7 ? 'approve' : 'reject'
        await tolerantly(engine.control.decide(approval.id, { verdict, by: 'ada' }))
        continue
      }
      const { key } = JSON.parse(approval.shown) as { key: string }
      const known = this.#village.receiver.applied(key)
      const answer: Json =
        known === undefined ? { happened: false, retry: true } : { happened: true, result: known }
      await tolerantly(engine.control.decide(approval.id, { verdict: 'answer', answer, by: 'ada' }))
    }
  }
}

async function tolerantly(wish: Promise<unknown>): Promise<void> {
  try {
    await wish
  } catch (error) {
    if (!(error instanceof ReeveError && tooLate.has(error.code))) throw error
  }
}
