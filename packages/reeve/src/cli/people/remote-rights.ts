import type { Json } from '../../base/json/json.ts'
import { isoText } from '../../base/time/time.ts'
import type { Client } from '../../client/index.ts'
import type { PolicyReport } from '../../governance/policy-test/policy-report.ts'
import type { GrantRequest } from '../../server/auth/grant-request.ts'
import { isActing, type RightsBackend, type SwitchedPlace } from './rights-backend.ts'

/** Of a server, through its API. */
export function remoteRights(client: Client): RightsBackend {
  return {
    changes: async () =>
      (await client.grants.list()).items.map(({ undoneAt: _, undoneBy: __, ...row }) => row),
    switches: async () => (await client.switches.list()).items,
    whoCould: ({ tool, args, from, until }) =>
      client.grants.who({
        query: {
          tool,
          ...(args && { args: JSON.stringify(args) }),
          from: isoText(from),
          until: isoText(until),
        },
      }),
    undoChange: async (change) => (await client.grants.undo({ params: { change } })).principal,
    async change(principal, request, why) {
      const body = { principal, change: changeOf(request(Date.now())), ...whyOf(why) }
      const { id, change, endsAt } = await client.grants.add({ body })
      return { id, change, endsAt }
    },
    async revoke(principal, why) {
      const params = { principal }
      if (isActing(principal)) await client.principals.revoke({ params, body: whyOf(why) })
      else await client.principals.remove({ params, query: whyOf(why) })
    },
    async switchCalls(place, mode, why) {
      const { items } = await client.switches.list()
      await client.switches.set({ body: { ...place, mode, ...whyOf(why) } })
      const names = ['agent', 'tool', 'connector'] as const satisfies (keyof SwitchedPlace)[]
      return (
        items.find((each) => names.every((name) => each[name] === (place[name] ?? null)))?.mode ?? 'allow'
      )
    },
    pauseEverything: async (why) => (await client.pause.set({ body: whyOf(why) })).queues ?? [],
    resumeEverything: async () => (await client.pause.end()).queues ?? [],
    async check(principal, { level, evals, why }) {
      const params = { principal }
      const given = evals === undefined ? {} : { evals }
      return level === undefined
        ? client.levels.get({ params, query: given })
        : client.levels.set({ params, body: { level, ...given, ...whyOf(why) } })
    },
    testPolicy: async (query) => (await client.policy.test({ query })) as PolicyReport,
  }
}

function whyOf(why: string | undefined): { why?: string } {
  return why === undefined ? {} : { why }
}

function changeOf(request: GrantRequest) {
  switch (request.kind) {
    case 'suspend': {
      const { until, ...rest } = request
      return { ...rest, ...(until !== undefined && { until: isoText(until) }) }
    }
    case 'expire':
      return { ...request, at: isoText(request.at) }
    case 'narrow':
      return { ...request, args: argsOf(request.args) }
    case 'exception': {
      const { tool, args, account } = request.grant
      return {
        kind: request.kind,
        tool: String(tool),
        ...(args && { args: argsOf(args) }),
        ...(account !== undefined && { account }),
        until: isoText(request.until),
      }
    }
  }
}

function argsOf(args: NonNullable<Extract<GrantRequest, { kind: 'narrow' }>['args']>) {
  return args as unknown as Record<string, Json>
}
