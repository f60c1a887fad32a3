import type { Duration } from '../../../src/base/time/time.ts'
import type { ApprovedDecision } from '../../../src/engine/decision.ts'
import { crashWorkflow, outputsAre, type Shape, starts, witness } from './shape.ts'

/** Shapes that wait for time, signals and people. */
export const waitShapes: Shape[] = [
  {
    name: 'sleep-short',
    starts: starts('sleep-short', 2),
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('sleep-short', async (ctx) => {
          await step(ctx, 'before', () => 1)
          await ctx.sleep('100ms')
          return step(ctx, 'after', () => 2)
        }),
      ]
    },
    verify: timersKept(),
  },
  {
    name: 'sleep-long',
    starts: starts('sleep-long', 3),
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('sleep-long', async (ctx) => {
          await ctx.sleep('1500ms')
          await step(ctx, 'between', () => 1)
          await ctx.sleep('500ms')
          return step(ctx, 'after', () => 2)
        }),
      ]
    },
    verify: timersKept(),
  },
  signalShape('signal-early', {
    before: 4,
    timeout: undefined,
    sends: () => true,
    outcome: () => 'hello',
  }),
  signalShape('signal-late', {
    before: 1,
    timeout: undefined,
    sends: (status) => status === 'waiting',
    outcome: () => 'hello',
  }),
  signalShape('signal-timeout', {
    before: 1,
    timeout: '800ms',
    sends: () => false,
    outcome: () => null,
  }),
  signalShape('signal-or-timeout', {
    before: 0,
    timeout: '300ms',
    sends: (status) => status === 'waiting',
    outcome: undefined,
  }),
  {
    name: 'signals-in-order',
    starts: starts('signals-in-order', 2),
    workflows(outside) {
      const { step, saw } = witness(outside)
      return [
        crashWorkflow('signals-in-order', async (ctx) => {
          const got: unknown[] = []
          for (let turn = 0; turn < 4; turn++) {
            got.push(saw(ctx, 'tick', await ctx.waitFor('tick')))
            await step(ctx, `note-${turn}`, () => turn)
          }
          return got
        }),
      ]
    },
    async operate(operator) {
      for (const run of operator.runs()) {
        for (let tick = 1; tick <= 4; tick++) {
          await operator.signal(run.idempotency!, 'tick', `tick-${tick}`, tick)
        }
      }
    },
    verify: outputsAre(() => [1, 2, 3, 4]),
  },
  approvalShape('approval-approve', 'approve', undefined, (input) => ['approved', { pay: input }, false]),
  approvalShape('approval-edit', 'approve', { pay: 7 }, () => ['approved', { pay: 7 }, true]),
  approvalShape('approval-reject', 'reject', undefined, (input) => ['rejected', { pay: input }, false]),
  approvalShape('approval-expire', undefined, undefined, (input) => ['expired', { pay: input }, false]),
  {
    name: 'cancel-waiting',
    starts: starts('cancel-waiting', 2),
    ends: ['cancelled'],
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('cancel-waiting', async (ctx) => {
          await step(ctx, 'before', () => 1)
          await ctx.approve('go on', { show: 'go on?' })
          return step(ctx, 'never', () => 2)
        }),
      ]
    },
    async operate(operator) {
      for (const run of operator.runs()) if (run.status === 'waiting') await operator.cancel(run.idempotency!)
    },
    verify: (facts) => [
      ...(facts.heardOf('body').some((body) => body.name === 'never') ? ['a cancelled run went on'] : []),
      ...facts.approvals
        .filter((approval) => approval.status !== 'withdrawn')
        .map((approval) => `approval ${approval.id} of a cancelled run is ${approval.status}`),
    ],
  },
  {
    name: 'cancel-running',
    starts: starts('cancel-running', 2),
    ends: ['cancelled'],
    workflows(outside) {
      const { call } = witness(outside)
      return [
        crashWorkflow('cancel-running', async (ctx) => {
          for (let turn = 0; turn < 200; turn++) {
            await call(ctx, 'turn', { turn }, { effect: 'idempotent', manner: 'late' })
          }
          return 'never cancelled'
        }),
      ]
    },
    async operate(operator) {
      for (const run of operator.runs()) await operator.cancel(run.idempotency!)
    },
  },
  {
    name: 'pause-resume',
    starts: starts('pause-resume', 2),
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow('pause-resume', async (ctx) => {
          for (let turn = 0; turn < 4; turn++) {
            await step(ctx, `turn-${turn}`, () => turn)
            await ctx.sleep('50ms')
          }
          return 'done'
        }),
      ]
    },
    async operate(operator) {
      for (const run of operator.runs()) {
        if (run.ended_at !== null) continue
        await operator.once(`pause ${run.id}`, () => operator.engine.control.pause(run.id))
        await operator.once(`resume ${run.id}`, () => operator.engine.control.resume(run.id))
      }
    },
    verify: outputsAre(() => 'done'),
  },
]

/** No timer fired early, by the journal's own times. */
function timersKept(): Shape['verify'] {
  return (facts) =>
    facts.runs.flatMap((run) => {
      const events = facts.eventsOf(run)
      return events
        .filter((event) => event.type === 'timer-fired')
        .flatMap((fired) => {
          const set = events.find((event) => event.type === 'timer-set' && event.step === fired.step)
          const dueAt = (JSON.parse(set?.payload ?? '{"dueAt":null}') as { dueAt: number | null }).dueAt
          return dueAt !== null && fired.at >= dueAt ? [] : [`a timer of run ${run.id} fired early`]
        })
    })
}

function signalShape(
  name: string,
  options: {
    before: number
    timeout: Duration | undefined
    sends: (status: string) => boolean
    outcome: (() => string | null) | undefined
  },
): Shape {
  return {
    name,
    starts: starts(name, 2),
    workflows(outside) {
      const { step, saw } = witness(outside)
      return [
        crashWorkflow(name, async (ctx) => {
          for (let turn = 0; turn < options.before; turn++) await step(ctx, `before-${turn}`, () => turn)
          const waiting = options.timeout === undefined ? {} : { timeout: options.timeout }
          const got = saw(ctx, 'word', await ctx.waitFor('word', waiting))
          return step(ctx, 'after', () => got ?? null)
        }),
      ]
    },
    async operate(operator) {
      for (const run of operator.runs()) {
        if (options.sends(run.status)) await operator.signal(run.idempotency!, 'word', 'word-1', 'hello')
      }
    },
    verify: options.outcome && outputsAre(options.outcome),
  }
}

function approvalShape(
  name: string,
  verdict: 'approve' | 'reject' | undefined,
  answer: { pay: number } | undefined,
  expected: (input: number) => (string | boolean | { pay: number })[],
): Shape {
  return {
    name,
    starts: starts(name, 2),
    workflows(outside) {
      const { step, call, saw } = witness(outside)
      return [
        crashWorkflow(name, async (ctx, input) => {
          const draft = (await step(ctx, 'draft', () => ({ pay: input }))) as { pay: number }
          const timeout = verdict === undefined ? ({ timeout: '800ms' } as const) : {}
          const decision = saw(ctx, 'pay', await ctx.approve('pay', { show: draft, ...timeout }))
          if (decision.status === 'approved') {
            await call(ctx, 'payment', decision.value, { effect: 'idempotent' })
          }
          return [decision.status, (decision as ApprovedDecision).value, decision.edited]
        }),
      ]
    },
    async operate(operator) {
      if (verdict === undefined) return
      for (const approval of operator.pending()) {
        await operator.decide(approval, answer === undefined ? { verdict } : { verdict, answer })
      }
    },
    verify: outputsAre(expected),
  }
}
