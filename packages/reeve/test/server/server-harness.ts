import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type { Environment } from '../../src/base/config.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import type { Clock } from '../../src/base/time/time.ts'
import { type Client, createClient } from '../../src/client/index.ts'
import { workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import type { TextListener } from '../../src/models/asking/text-stream.ts'
import type { ProjectConfig } from '../../src/project/config.ts'
import { projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime, type RuntimeInternals } from '../../src/runtime/runtime.ts'
import { type ServeOptions, serve } from '../../src/server/listen.ts'
import { addPrincipal, type Role } from '../../src/store/identity/principals.ts'
import { issueToken } from '../../src/store/identity/tokens.ts'
import { tool } from '../../src/tools/tool.ts'

export interface TestServer {
  url: string
  port: number
  runtime: Runtime
  internals: RuntimeInternals
  /** A client of somebody with this role, by a token. */
  as(role: Role): Promise<Client>
  tokenOf(role: Role): Promise<string>
  close(): Promise<void>
}

/** What the sent mails were. */
export const sent: { to: string; text: string }[] = []

/** To whom mails were sent that were undone. */
export const recalled: string[] = []

const mail = tool({
  name: 'mail.send',
  description: 'send a mail',
  input: z.object({ to: z.string(), text: z.string() }),
  output: z.object({ receipt: z.string() }),
  effect: 'once',
  risk: 'high',
  run: (args) => {
    sent.push(args)
    return { receipt: `R-${sent.length}` }
  },
  undo: {
    run: ({ args }) => {
      recalled.push(args.to)
    },
  },
})

const workflows = [
  workflow({
    name: 'greet',
    input: z.object({ name: z.string() }),
    output: z.string(),
    run: (ctx, { name }) => ctx.step('greet', () => `Hello ${name}`),
  }),
  workflow({
    name: 'reply',
    input: z.object({ to: z.string(), text: z.string() }),
    run: (ctx, args) => ctx.call(mail, args),
  }),
  workflow({
    name: 'await-go',
    input: z.null(),
    run: (ctx) => ctx.waitFor('go', { schema: z.object({ ok: z.boolean() }) }),
  }),
  workflow({
    name: 'fail',
    input: z.null(),
    run: (ctx) =>
      ctx.step(
        'break',
        () => {
          throw new Error('it broke')
        },
        { retry: { attempts: 1 } },
      ),
  }),
  workflow({
    name: 'decide',
    input: z.object({ what: z.string() }),
    run: (ctx, { what }) => ctx.approve('go ahead', { show: { what } }),
  }),
] as unknown as Workflow[]

export function sqliteFile(): Environment['database'] {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-server-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return { kind: 'sqlite', file: join(folder, 'reeve.db') }
}

/** A project that is driven and served over real HTTP on loopback. Every answer is held against its schema. */
export async function startServer(
  options: {
    database?: Environment['database']
    serve?: Partial<ServeOptions>
    config?: ProjectConfig
    /** In place of the usual ones. */
    workflows?: Workflow[]
    variables?: Record<string, string>
    folder?: string
    log?: Log
    textListener?: TextListener
    clock?: Clock
    isIdle?: boolean
  } = {},
): Promise<TestServer> {
  const { database = sqliteFile(), isIdle = false } = options
  const { variables = {}, log = silentLog, clock, textListener } = options
  const environment: Environment = { database, keys: {}, user: 'ada', ci: true, variables }
  const project = projectOf(
    { knowledge: [], tools: [mail], ...options.config },
    options.workflows ?? workflows,
    options.folder,
  )
  const runtime = await Runtime.open({
    project,
    environment,
    log,
    ...(clock && { clock }),
    ...(textListener && { textListener }),
  })
  if (!isIdle) await runtime.start()
  const served = await serve(runtime, { port: 0, checksAnswers: true, ...options.serve })
  let isClosed = false
  const close = async () => {
    if (isClosed) return
    isClosed = true
    await served.close()
    await runtime.stop(1000)
  }
  onTestFinished(close)
  const internals = internalsOf(runtime)
  const tokenOf = async (role: Role) => {
    const { newId } = internals.engine.services
    const acting = { by: 'test', proof: 'local-user', at: internals.clock.now() } as const
    const principal = `${role}-${newId()}`
    return internals.database.transaction(async (session) => {
      await addPrincipal(session, { name: principal, kind: 'person', role }, acting)
      const token = { id: newId(), kind: 'access', principal, name: 'test', role, expires_at: null } as const
      return issueToken(session, token, acting)
    })
  }
  return {
    url: served.url,
    port: served.port,
    runtime,
    internals,
    tokenOf,
    as: async (role) => createClient({ url: served.url, token: await tokenOf(role) }),
    close,
  }
}

/** What waits for a person: the one thing that does. */
export async function askedOf(reeve: Client): Promise<{ approval: string; hash: string }> {
  const { items } = await reeve.approvals.list()
  const [item] = items
  if (!item || items.length > 1) throw new Error(`${items.length} approvals wait`)
  return { approval: item.id, hash: item.hash }
}
