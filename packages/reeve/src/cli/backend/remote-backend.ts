import { type Client, createClient } from '../../client/index.ts'
import { answerProblem } from '../../engine/deciding/answer.ts'
import type { Remember } from '../../engine/deciding/remember.ts'
import type { RepeatedEffect } from '../../engine/outside/fork-plan.ts'
import { remoteAutonomy } from '../autonomy/autonomy-backend.ts'
import { remoteConnectors } from '../connect/connectors-backend.ts'
import { remoteProposals } from '../decide/proposals-backend.ts'
import { remoteMemory } from '../know/remote-memory.ts'
import { remoteLearning } from '../learn/learning-backend.ts'
import { remoteLogs } from '../look/logs-backend.ts'
import { remotePrincipals } from '../people/principals-backend.ts'
import { remoteRights } from '../people/remote-rights.ts'
import type { Backend, Decides, People, Steers } from './backend.ts'
import { remoteModels } from './models-view.ts'
import { remoteLooks } from './remote-looks.ts'

/** The backend of a server, through its API. Who acts there is whose token it is. */
export function remoteBackend(server: { url: string; token: string | undefined }): Backend {
  const { url, token } = server
  const client = createClient({ url, ...(token === undefined ? {} : { token }) })
  let session: ReturnType<Client['session']> | undefined
  const whoAsks = async () => {
    session ??= client.session()
    return (await session).principal
  }
  return {
    place: url,
    triggers: async () => (await client.triggers.list()).items,
    models: (isTest) => remoteModels(client, isTest),
    autonomy: remoteAutonomy(client),
    proposals: remoteProposals(client),
    learning: remoteLearning(client),
    connectors: remoteConnectors(client),
    rights: remoteRights(client),
    memory: remoteMemory(client),
    logs: remoteLogs(client),
    ...remotePrincipals(client, whoAsks),
    ...remoteLooks(client),
    ...decides(client, whoAsks),
    ...steers(client),
    ...people(client, whoAsks),
  }
}

/** As the API takes it. */
function rememberedOf({ for: length, same }: Remember): { for: string; same?: string[] } {
  return {
    for: typeof length === 'number' ? `${length}ms` : length,
    ...(same && { same: [...same] }),
  }
}

type WhoAsks = () => Promise<string>

function decides(client: Client, whoAsks: WhoAsks): Decides {
  return {
    async decide(approval, { verdict, hash: seen, note, answer, replaces, remember }) {
      const params = { approval }
      const by = await whoAsks()
      // What is decided is what stands there now, where whoever decides has not named what they saw.
      const hash = seen ?? (await client.approvals.one({ params })).hash
      const shared = { hash, ...(note === undefined ? {} : { note }) }
      const edited = { ...(answer === undefined ? {} : { edit: answer }), ...(replaces && { replaces }) }
      const body =
        verdict === 'approve'
          ? {
              verdict,
              ...shared,
              ...edited,
              ...(remember && { remember: rememberedOf(remember) }),
            }
          : verdict === 'reject'
            ? { verdict, ...shared }
            : { verdict, ...shared, answer: answer ?? null }
      const { status, subject, runId } = await client.approvals.decide({ params, body })
      return { status, subject, runId, by }
    },
    async previewEdit(approval, edit, { replaces }) {
      const preview = await client.approvals.preview({ params: { approval }, body: { edit, replaces } })
      const changes = preview.changes.map(({ field, from, to }) => ({ field, from, to }))
      return { changes, isJudged: preview.isJudged }
    },
    async delegate(approval, to, note) {
      const by = await whoAsks()
      const { hash } = await client.approvals.one({ params: { approval } })
      const body = { to, hash, ...(note === undefined ? {} : { note }) }
      const { subject } = await client.approvals.delegate({ params: { approval }, body })
      return { subject, by }
    },
    async answerProblem({ approval }, answer) {
      const { jsonSchemaIssues } = await import('../../tools/json-schema/json-schema.ts')
      const { id, kind, subject, shown, wanted } = approval
      const schema = wanted?.schema ?? null
      const asked = { id, kind, subject, shown: JSON.stringify(shown) }
      const input_schema = schema === null ? null : JSON.stringify(schema)
      return answerProblem({ ...asked, input_schema }, answer, async (its, value) =>
        jsonSchemaIssues(its, value),
      )
    },
  }
}

function steers(client: Client): Steers {
  return {
    start(workflow, input, { idempotencyKey, ifKeyExists }) {
      return client.runs.start({
        body: { workflow, input, ...(ifKeyExists === undefined ? {} : { ifKeyExists }) },
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      })
    },
    signal: (run, name, payload, id) =>
      client.runs.signal({ params: { run }, body: { name, payload, ...(id === undefined ? {} : { id }) } }),
    override: async (run, call, given) =>
      void (await client.runs.override({ params: { run }, body: { call, ...given } })),
    cancel: async (run) => (await client.runs.cancel({ params: { run } })).status,
    pause: async (run) => void (await client.runs.pause({ params: { run } })),
    resume: async (run) => void (await client.runs.resume({ params: { run } })),
    retry: async (run, { children = false }) =>
      void (await client.runs.retry({ params: { run }, body: { children } })),
    async previewFork(run, from) {
      const plan = await client.runs.forkPlan({ params: { run }, query: { from } })
      return {
        ...plan,
        repeats: plan.repeats.map((each) => ({
          ...each,
          class: each.class as RepeatedEffect['class'],
          sentAt: Date.parse(each.sentAt),
        })),
      }
    },
    fork: async (run, from, { repeatEffects }) =>
      (await client.runs.fork({ params: { run }, body: { from, repeatEffects } })).id,
    planUndo: (run, from) => client.runs.planUndo({ params: { run }, query: { from } }),
    undo: async (run, from, plan) => (await client.runs.undo({ params: { run }, body: { from, plan } })).id,
    async pauseSchedule(schedule, paused) {
      await client.schedules[paused ? 'pause' : 'resume']({ params: { schedule } })
    },
    async pauseQueue(queue, paused) {
      await client.queues[paused ? 'pause' : 'resume']({ params: { queue } })
    },
  }
}

const mostPerPage = 500

function people(client: Client, whoAsks: WhoAsks): People {
  return {
    async whoami() {
      const { principal, role, via: proof } = await client.session()
      return { principal, role, proof, localUser: null }
    },
    async tokens(limit) {
      const { items, next } = await client.tokens.list({ query: { limit: Math.min(limit, mostPerPage) } })
      return { tokens: items.map(({ createdBy: _createdBy, ...token }) => token), more: next !== null }
    },
    async createToken({ name, principal, role, expiresIn }) {
      const given = { principal, role, expiresIn }
      const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
      const made = await client.tokens.create({ body: { name, ...set } })
      return { id: made.id, principal: made.principal, role: made.role, secret: made.token ?? '' }
    },
    revokeToken: async (token) => (await client.tokens.revoke({ params: { token } })).name,
    secrets: async () => (await client.secrets.list()).items,
    setSecret: (secret, value, mustExist) =>
      client.secrets.set({ params: { secret }, body: { value, mustExist } }),
    deleteSecret: async (secret) => void (await client.secrets.remove({ params: { secret } })),
    async signInPath(principal) {
      const params = { principal: principal ?? (await whoAsks()) }
      return (await client.principals.link({ params })).path ?? ''
    },
  }
}
