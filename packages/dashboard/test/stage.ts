import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Daemon } from '../../reeve/src/autonomy/daemon/daemon.ts'
import { silentLog } from '../../reeve/src/base/log.ts'
import { systemClock } from '../../reeve/src/base/time/time.ts'
import { type Client, createClient } from '../../reeve/src/client/index.ts'
import { projectOf } from '../../reeve/src/project/load.ts'
import { internalsOf, Runtime } from '../../reeve/src/runtime/runtime.ts'
import { cookieName } from '../../reeve/src/server/auth/caller.ts'
import { serve } from '../../reeve/src/server/listen.ts'
import { addPrincipal } from '../../reeve/src/store/identity/principals.ts'
import { beginSession } from '../../reeve/src/store/identity/sessions.ts'
import { issueToken } from '../../reeve/src/store/identity/tokens.ts'
import { addDirectives, fillDirectives, goals } from './stage-autonomy.ts'
import { services, standServices } from './stage-services.ts'
import { clerk, hostile, people, type Stranger, stageWorkflows } from './stage-workflows.ts'

/** No solver is ever sure: a person is asked, with what it had guessed. */
const unsure = {
  name: 'rule/guess',
  kind: 'function' as const,
  solve: ({ task }: { task: string }) =>
    task === 'extract'
      ? { kind: 'value' as const, value: { language: 'Spanish' }, confidence: 0.41 }
      : { kind: 'abstain' as const, reason: 'it writes no letters' },
}

/** Two models that cost something: a small one that is asked first, and a large one. */
const paid = (name: string, costUsd: number, isSure: (length: number) => boolean) => ({
  name,
  kind: 'hosted' as const,
  worstCaseUsd: () => 2 * costUsd,
  solve: ({ input }: { input: unknown }) => {
    const { length } = JSON.stringify(input)
    const usage = { inputTokens: 40 + length, outputTokens: 24, costUsd }
    return isSure(length)
      ? { kind: 'text' as const, text: 'A customer asks about an order.', usage }
      : { kind: 'abstain' as const, reason: 'it is too long for it', usage }
  },
})

const policy = `# Refunds and returns of hardware

A scale, sensor or gateway can be returned within 30 days, also when it was used, if it is clean and complete. Write to us with
your order number, and we will send you a return label within 1 business day.

## When the money arrives

We pay back within 5 business days after the parcel has reached us, to the account or card that paid.
`

export interface Stage {
  url: string
  /** Opens the page of a new session, once: of the owner. */
  signInUrl(): Promise<string>
  /** The API for a program of somebody with this role. */
  clientOf(role: Role): Promise<Client>
  /** The cookie of a browser that is signed in. Of each role there is one person; the owner is alex. */
  cookieOf(role: Role): Promise<{ name: string; value: string; url: string }>
  runtime: Runtime
  /** The server ends, and comes back under its address. */
  goAway(): Promise<void>
  comeBack(): Promise<void>
  close(): Promise<void>
}

type Role = 'viewer' | 'approver' | 'operator' | 'owner'

/** So long ago begins what a scene for readers shows. */
const minutesBehind = 130

/** How much of everything: nothing, some, or ten thousand runs with two thousand that wait. */
export type Scale = 'empty' | 'some' | 'much'

/** A project with something of everything, driven and served on loopback.  */
export async function openStage(
  scale: Scale = 'some',
  {
    daemons = [],
    hasDirectives = false,
    stranger = hostile,
    checksAnswers = true,
  }: {
    daemons?: Daemon[]
    /** Directives, scripts, goals, evaluations, proposals, connectors too. */
    hasDirectives?: boolean
    /** Whose words are to do harm; null: nobody's, for pictures that readers see. */
    stranger?: Stranger | null
    /** Every answer is held against its schema; not where the server is measured. */
    checksAnswers?: boolean
  } = {},
): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-stage-'))
  mkdirSync(join(folder, 'knowledge'))
  writeFileSync(join(folder, 'knowledge', 'refunds-and-returns.md'), policy)
  const project = projectOf(
    {
      knowledge: ['knowledge'],
      routes: {
        nobody: { solvers: [unsure], minConfidence: 0.9 },
        writing: {
          solvers: [
            paid('acme/small', 0.0004, (length) => length < 120),
            paid('acme/large', 0.0061, () => true),
          ],
        },
      },
      agents: [clerk],
      daemons,
      goals: hasDirectives ? goals : [],
      ...(hasDirectives && services),
      tools: [...clerk.tools],
      budgets: { project: 4.5, day: 0.15 },
      schedules: {
        'weekly report': { workflow: 'weekly-report', cron: '0 8 * * 1', zone: 'Europe/Berlin', input: null },
      },
    },
    stageWorkflows,
    folder,
  )
  if (hasDirectives) await addDirectives(project, folder)
  const environment = {
    database: { kind: 'sqlite', file: join(folder, 'reeve.db') } as const,
    keys: {},
    user: 'alex',
    ci: true,
  }
  let behindMs = stranger ? 0 : minutesBehind * 60_000
  const shifted = { ...systemClock, now: () => Date.now() - behindMs }
  const runtime = await Runtime.open({ project, environment, clock: shifted, log: silentLog })
  await runtime.start()
  const internals = internalsOf(runtime)
  const { engine, database, clock } = internals
  const quiet = async () => {
    while (!(await engine.isQuiet())) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  /** In a scene for readers each begins some minutes after the one before. */
  const start = async (name: string, input: unknown) => {
    const run = await engine.startRun(name, input as never, { principal: 'alex' })
    if (stranger) return run
    await quiet()
    behindMs = Math.max(0, behindMs - 4 * 60_000)
    return run
  }
  if (scale !== 'empty') {
    const letters = scale === 'some' ? 3 : 2000
    for (let index = 0; index < letters; index++) {
      const [from, subject, body] = people[index % people.length]!
      await start('support-triage', {
        from: index < people.length ? from : `${index}.${from}`,
        subject,
        body,
      })
    }
    await start('letters-abroad', {
      from: 'ana@example.com',
      subject: 'Devolução da balança',
      body: 'Comprei a vossa “scale” em outubro. Ainda a posso devolver (“return”)? Quem paga o transporte?',
    })
    if (stranger) await start('support-triage', stranger)
    await start('refund-desk', { customer: 'Jonas Reiter', order: 'P-1182', amountEur: 149 })
    await start('invoices', { number: '2026-118', to: 'office@example.com' })
    await start('publish-page', { page: 'Winter feeding', words: 812 })
    await start('weekly-report', null)
    await start('reconcile', { day: '2026-11-26' })
    await start('reconcile', { day: '2026-11-27' })
    await start('await-parcel', { parcel: 'P-1182' })
    await start('return-label', { order: 'P-1182', text: 'The customer returns the scale.' })
    for (const [customer, text] of [
      ['margaret.hale@example.com', 'Margaret Hale wants her letters signed by a person.'],
      ['j.reiter@example.com', 'Jonas Reiter is at home on Tuesdays only.'],
      ...(stranger ? [[stranger.from, stranger.body] as const] : []),
    ] as const)
      await start('learn-preference', { customer, text })
    for (const letter of ['Where is my parcel?', 'Can I cancel the second order? '.repeat(8), 'Thank you!'])
      await start('sum-up', { letter })
    const more = scale === 'much' ? 8000 : 4
    for (let index = 0; index < more; index++) await start('weekly-report', null)
    if (hasDirectives) await fillDirectives(runtime, stranger ?? undefined)
    const lost = await start('await-parcel', { parcel: 'P-1190' })
    await quiet()
    behindMs = 0
    // As a worker leaves a run that has killed it again and again.
    await database.run(`update runs set status = 'stuck', reason = ?, wake_at = null where id = ?`, [
      'The process died 5 times at this run, without progress.',
      lost.id,
    ])
  }
  let served = await serve(runtime, { port: 0, checksAnswers })
  const { url } = served
  const personOf = (role: Role) => (role === 'owner' ? 'alex' : `${role}-1`)
  const acting = () => ({ by: 'test', proof: 'local-user', at: clock.now() }) as const
  for (const role of ['viewer', 'approver', 'operator', 'owner'] as const)
    await database.transaction((session) =>
      addPrincipal(session, { name: personOf(role), kind: 'person', role }, acting()),
    )
  if (hasDirectives) await standServices(internals.connections, database, clock.now(), stranger ?? undefined)
  return {
    url,
    runtime,
    async signInUrl() {
      const token = {
        id: engine.services.newId(),
        kind: 'sign-in',
        principal: 'alex',
        name: 'sign in',
      } as const
      const expires_at = clock.now() + 600_000
      const secret = await database.transaction((session) =>
        issueToken(session, { ...token, role: 'owner', expires_at }, acting()),
      )
      return `${url}/sign-in?code=${encodeURIComponent(secret)}`
    },
    async clientOf(role) {
      const token = {
        id: engine.services.newId(),
        kind: 'access',
        principal: personOf(role),
        name: 'test',
      } as const
      return createClient({
        url,
        token: await database.transaction((session) =>
          issueToken(session, { ...token, role, expires_at: null }, acting()),
        ),
      })
    },
    cookieOf: (role) =>
      database.transaction(async (session) => ({
        name: cookieName,
        value: await beginSession(session, personOf(role), clock.now()),
        url,
      })),
    goAway: () => served.close(),
    async comeBack() {
      served = await serve(runtime, { port: Number(new URL(url).port), checksAnswers })
    },
    async close() {
      await served.close()
      await runtime.stop(1000)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
