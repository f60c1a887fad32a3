import { AssertionError } from 'node:assert'
import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { connector } from '../../src/connectors/connector.ts'
import type { WebhookOfService } from '../../src/connectors/shape/trigger.ts'
import type { EventCase } from '../../src/testing/connector-checks/case.ts'
import { connectorChecks } from '../../src/testing/index.ts'
import { ticketsCase } from './cases/tickets/case.ts'
import { tickets } from './cases/tickets/tickets.ts'

/** How the desk of these tests signs, by its documentation. */
const signature = {
  header: 'desk-signature',
  prefix: 'sha256=',
  timestamp: { header: 'desk-time' },
  id: { field: 'event' },
} as const
const created = tickets.definition.triggers!.created as WebhookOfService
const schema = z.looseObject({ account: z.string() })
const isOurs = (account: string, identity: string | undefined) => account === identity

/** The event checks of the desk with this trigger, by the first word of what fails. */
async function failing(
  trigger: Partial<WebhookOfService>,
  events: Partial<EventCase> = {},
): Promise<string[]> {
  const its = connectorChecks({
    ...ticketsCase,
    connector: connector({
      ...tickets.definition,
      triggers: { created: { ...created, schema, signature, ...trigger } },
    } as never) as never,
    events: {
      created: {
        ours: (index) => ({
          event: `e${index}`,
          account: 'desk-1',
          ticket: { id: `t${index}`, subject: 'Broken', status: 'open' },
        }),
        theirs: (index) => ({
          event: `x${index}`,
          account: 'desk-2',
          ticket: { id: `t${index}`, subject: 'Broken', status: 'open' },
        }),
        sign: (body, { secret, sentAt }) => ({
          'desk-time': String(sentAt),
          'desk-signature': `sha256=${createHmac('sha256', secret).update(`${sentAt}.`).update(body).digest('hex')}`,
        }),
        ...events,
      },
    },
  })
  const failed: string[] = []
  for (const { name, doesNotApply, run } of its) {
    if (!/event/.test(name) || doesNotApply !== undefined) continue
    await run().catch((error: unknown) => {
      if (!(error instanceof AssertionError)) throw error
      failed.push(`${name.replace('starts ', '')}: ${error.message}`)
    })
  }
  return failed
}

const one = expect.stringMatching(/^one run for each event/)
const again = expect.stringMatching(/^none for an event that came/)
const forged = expect.stringMatching(/^none for an event that is/)
const foreign = expect.stringMatching(/^none for another account's event/)

test('a connector that does all of it right passes', async () => {
  expect(await failing({})).toEqual([])
})

test.each<[string, Partial<WebhookOfService>, unknown[]]>([
  [
    'looks for the signature in another header',
    { signature: { ...signature, header: 'x-hub-signature' } },
    [one, again, foreign],
  ],
  ['has another prefix', { signature: { ...signature, prefix: 'v1=' } }, [one, again, foreign]],
  [
    'leaves the time out of what is signed',
    { signature: { header: 'desk-signature', prefix: 'sha256=', id: { field: 'event' } } },
    [one, again, foreign],
  ],
  [
    'names a delivery by what all have',
    { signature: { ...signature, id: { field: 'account' } } },
    [one, foreign],
  ],
  [
    'names no delivery',
    { signature: { header: 'desk-signature', prefix: 'sha256=', timestamp: signature.timestamp } },
    [again],
  ],
  ['takes what is of anybody', { foreign: () => undefined }, [foreign]],
  [
    'takes all of others and none of its own',
    {
      foreign: (({ account }: { account: string }, { identity }: { identity: string }) =>
        isOurs(account, identity) ? 'ours' : undefined) as never,
    },
    [one, again, foreign],
  ],
  [
    'says nothing of why',
    {
      foreign: (({ account }: { account: string }, { identity }: { identity: string }) =>
        isOurs(account, identity) ? undefined : ' ') as never,
    },
    [foreign],
  ],
  ['remembers the newest and drops what is older', { foreign: newestOnly() }, [one, again, foreign]],
])('a connector that %s fails', async (_what, trigger, expected) => {
  expect(await failing(trigger)).toEqual(expected)
})

test('a connector that does not look at the time takes what is old', async () => {
  const plain = (body: Buffer, { secret, sentAt }: { secret: string; sentAt: number }) => ({
    'desk-time': String(sentAt),
    'desk-signature': createHmac('sha256', secret).update(body).digest('hex'),
  })
  expect(
    await failing({ signature: { header: 'desk-signature', id: { field: 'event' } } }, { sign: plain }),
  ).toEqual([forged])
})

test('a case that says nothing of an event, or of another account, fails', async () => {
  const [first] = connectorChecks({ ...ticketsCase, events: {} }).filter(({ name }) => /event/.test(name))
  await expect(first!.run()).rejects.toThrow('the case says nothing of what is posted to created')
  expect(await failing({}, { theirs: undefined as never })).toEqual([
    expect.stringContaining("the case says nothing of another account's events"),
  ])
})

function newestOnly(): never {
  let newest = ''
  return (({ event, account }: { event: string; account: string }, { identity }: { identity: string }) => {
    if (!isOurs(account, identity)) return 'of another desk'
    if (event < newest) return 'it is old'
    newest = event
    return undefined
  }) as never
}
