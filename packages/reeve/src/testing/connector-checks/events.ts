import assert from 'node:assert/strict'
import { z } from 'zod'
import type { Connection } from '../../connectors/shape/connection.ts'
import { workflow } from '../../context.ts'
import type { Trigger } from '../../engine/starting/trigger.ts'
import type { Workflow } from '../../engine/workflow.ts'
import { schemeOf } from '../../triggers/signatures/schemes.ts'
import type { PostAnswer, PostOptions, SignPost } from '../posting.ts'
import type { TestRuntime } from '../test-runtime.ts'
import { hooksOf, notFor } from './applies.ts'
import type { ConnectorCase, ConnectorCheck, EventCase } from './case.ts'
import { openDesk } from './desk.ts'

/** A trigger at the door of a server, to which a check posts. */
interface Door {
  trigger: string
  events: EventCase
  hasForeign: boolean
  /** As the trigger's `signature` says. */
  byScheme: SignPost
  test: TestRuntime
  post(body: unknown, options?: PostOptions): Promise<PostAnswer>
  /** How many runs the events have started until now. */
  count(): Promise<number>
  /** The service answers from now on; before that nobody can know whose account it is. */
  comesUp(): void
}

const dayMs = 86_400_000
/** No secret of anybody. */
const forgers = {
  whsec: `whsec_${Buffer.from('somebody else signs with this here').toString('base64')}`,
  plain: '736f6d65626f647920656c7365207369676e732077697468207468697321',
}

/** What a connector promises of the events that its service posts: each genuine one starts one run, and no other starts any. */
export function eventChecks(its: ConnectorCase): ConnectorCheck[] {
  const check = (
    name: string,
    doesNotApply: string | undefined,
    work: (door: Door) => Promise<void>,
  ): ConnectorCheck => ({
    name,
    ...(doesNotApply !== undefined && { doesNotApply }),
    run: () => atEach(its, work),
  })
  const none = notFor.events(its)
  return [
    check('starts one run for each event, in whatever order they come', none, startsOneEach),
    check('starts none for an event that came before', none, startsNoneAgain),
    check('starts none for an event that is forged, changed or old', none, startsNoneForged),
    check(
      "starts none for another account's event, and loses none of its own",
      notFor.foreign(its),
      startsNoneForeign,
    ),
  ]
}

async function startsOneEach({ trigger, events, test, post, count, comesUp }: Door): Promise<void> {
  comesUp()
  const runs = new Set<string>()
  for (const index of [2, 0, 1]) {
    // What was sent later comes first.
    const sentAt = new Date(test.clock.now() - (5 - index) * 10_000)
    const { status, answer, run } = await post(events.ours(index), { id: `event-${index}`, sentAt })
    assert.equal(status, 202, `an event of ${trigger} was answered with ${status}: ${JSON.stringify(answer)}`)
    assert.equal(await run!.status(), 'succeeded', (await run!.story()).join('\n'))
    runs.add(run!.id)
  }
  assert.deepEqual([runs.size, await count()], [3, 3], `runs of three events of ${trigger}`)
}

async function startsNoneAgain({ trigger, events, test, post, count, comesUp }: Door): Promise<void> {
  comesUp()
  const { isSignedAnew = true } = events
  const began = test.clock.now()
  const again = () =>
    post(events.ours(0), {
      id: 'event-0',
      sentAt: new Date(isSignedAnew ? test.clock.now() : began),
    })
  const first = await again()
  assert.equal(first.status, 202, JSON.stringify(first.answer))
  await test.advance('30s')
  const second = await again()
  await test.crash()
  await test.advance('30s')
  for (const { status, answer, run } of [second, ...(await Promise.all([again(), again(), again()]))]) {
    assert.equal(
      run?.id,
      first.run!.id,
      `the same event of ${trigger} is not the same: ${JSON.stringify(answer)}`,
    )
    assert.equal(status, 200, JSON.stringify(answer))
  }
  assert.equal(await count(), 1, `runs of one event of ${trigger}`)
}

async function startsNoneForged({
  trigger,
  events,
  byScheme,
  test,
  post,
  count,
  comesUp,
}: Door): Promise<void> {
  comesUp()
  const now = test.clock.now()
  const { sign } = events
  const forger = (real: string) => (real.startsWith('whsec_') ? forgers.whsec : forgers.plain)
  let signed:
    | { body: Buffer; by: Parameters<SignPost>[1]; headers: Readonly<Record<string, string>> }
    | undefined
  const note =
    (signing: SignPost): SignPost =>
    (body, by) => {
      const headers = signing(body, by)
      signed = { body, by, headers }
      return headers
    }
  const refused = async (what: string, options: PostOptions, body = events.ours(0)) => {
    const { status, answer, run } = await post(body, { id: 'event-0', ...options })
    assert.ok(run === undefined && status === 401, `${trigger}: ${what} was answered with ${status}`)
    const { code, detail } = answer as { code?: string; detail?: string }
    assert.match(code ?? '', /^webhook-/, `${trigger}: the answer to ${what} does not say what is wrong`)
    assert.ok(detail, `${trigger}: the answer to ${what} has no words`)
  }
  const own = sign ?? byScheme
  await refused('an event without a signature', { sign: () => ({}) })
  await refused('what somebody else signed', {
    sign: note((body, by) => own(body, { ...by, secret: forger(by.secret) })),
  })
  await refused('a body that was changed', {
    sign: (_body, by) => own(Buffer.from(JSON.stringify(events.ours(1))), by),
  })
  const { body, by } = signed!
  const says = (sentAt: number) => JSON.stringify(own(body, { ...by, sentAt }))
  if (says(1_000_000_000) !== says(1_000_000_001))
    for (const [what, at] of [
      ['an event of yesterday', now - dayMs],
      ['an event of tomorrow', now + dayMs],
    ] as const)
      await refused(what, { sentAt: new Date(at) })
  assert.equal(await count(), 0, `runs of forged events of ${trigger}`)
}

async function startsNoneForeign({ trigger, events, hasForeign, post, count, comesUp }: Door): Promise<void> {
  const { ours, theirs } = events
  if (!hasForeign && !theirs) return
  assert.ok(theirs, `the case says nothing of another account's events of ${trigger}: give it \`theirs\``)
  // Nobody knows yet whose account it is: what cannot be judged comes again.
  const early = await post(theirs(0), { id: 'theirs-0' })
  assert.equal(early.run, undefined, `an event of another account started a run of ${trigger}`)
  const first = await post(ours(0), { id: 'ours-0' })
  const isTold = first.status === 202 || first.status === 503
  assert.ok(isTold, `an event came before it was known whose it is: ${JSON.stringify(first.answer)}`)
  comesUp()
  for (const index of [0, 1]) {
    const { status, answer, run } = await post(theirs(index), { id: `theirs-${index}` })
    const said = JSON.stringify(answer)
    assert.equal(run, undefined, `an event of another account started a run of ${trigger}: ${said}`)
    assert.equal(status, 200, `an event of another account was answered with ${status}: ${said}`)
    const { reason } = answer as { reason?: string }
    assert.ok(reason?.trim(), `${trigger} does not say why the event is not for this account`)
    const its = await post(ours(index), { id: `ours-${index}` })
    assert.ok(
      its.run,
      `an event of the account itself was dropped by ${trigger}: ${JSON.stringify(its.answer)}`,
    )
  }
  assert.equal(await count(), 2, `runs of two events of ${trigger}`)
}

/** At each trigger that is posted to, in a project of its own. */
async function atEach(its: ConnectorCase, work: (door: Door) => Promise<void>): Promise<void> {
  for (const [trigger, { foreign, signature }] of hooksOf(its)) {
    const events = its.events?.[trigger]
    assert.ok(events, `the case says nothing of what is posted to ${trigger}: give it \`events.${trigger}\``)
    let comesUp = () => {}
    await using desk = await openDesk(its, {
      workflows: (connection) => [noteOf(connection, trigger)],
      before: ({ faults }) => {
        comesUp = faults.add({ kind: 'server-error', status: 503 })
      },
    })
    const { test } = desk
    await work({
      trigger: `${its.connector.definition.name}.${trigger}`,
      events,
      hasForeign: foreign !== undefined,
      byScheme: (body, { secret, sentAt, id }) => schemeOf(signature).sign(secret, body, sentAt, id),
      test,
      post: (body, options) =>
        test.post(`${its.connector.definition.name}.${trigger}`, body, { sign: events.sign, ...options }),
      count: async () => (await test.runs({ workflow: 'note' })).runs.length,
      comesUp: () => comesUp(),
    })
  }
}

function noteOf(connection: Connection, trigger: string): Workflow {
  const { on } = connection as unknown as {
    on: Record<string, (how: { input: (body: unknown) => object }) => Trigger<never>>
  }
  return workflow({
    name: 'note',
    input: z.object({ body: z.unknown() }),
    on: [on[trigger]!({ input: (body) => ({ body }) })],
    run: async (_ctx, { body }) => body as never,
  }) as never
}
