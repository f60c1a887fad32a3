import { expect, test } from 'vitest'
import { z } from 'zod'
import { clockTool } from '../../src/tools/clock.ts'
import { fileTools } from '../../src/tools/files/files.ts'
import { httpTool } from '../../src/tools/http/http.ts'
import { openApiTools } from '../../src/tools/openapi/openapi-tools.ts'
import { sqlTool } from '../../src/tools/sql/sql-tool.ts'
import { declareTool, type ToolDefinition, tool } from '../../src/tools/tool.ts'
import { webPageTool } from '../../src/tools/web-page/web-page-tool.ts'

const input = z.object({
  to: z.string(),
  body: z.string(),
  amountUsd: z.number(),
  urgent: z.boolean(),
  ref: z.string(),
})

function mail(more: Partial<ToolDefinition<typeof input, z.ZodUnknown>> = {}) {
  return tool({
    name: 'mail.send',
    description: 'Sends a mail',
    input,
    output: z.unknown(),
    effect: 'once',
    run: () => null,
    ...more,
  })
}

test('what a tool does not declare is inferred from its name and schema', () => {
  const { roles, sends, answers, kinds, effect } = mail().governed()
  expect(roles).toEqual({
    to: 'directs',
    body: 'content',
    amountUsd: 'amount',
    urgent: 'plain',
    ref: 'directs',
  })
  expect({ sends, answers, kinds, effect }).toEqual({
    sends: 'outside',
    answers: 'trusted',
    kinds: ['message'],
    effect: 'once',
  })
})

test('what it declares stands before what is inferred, and amounts that direct stay amounts', () => {
  const declared = mail({
    reads: 'private',
    sends: 'inside',
    directs: ['body', 'amountUsd'],
    roles: { ref: 'plain' },
    answers: 'untrusted',
    place: 'a letter',
  }).governed()
  expect(declared.roles).toMatchObject({ to: 'directs', body: 'directs', amountUsd: 'amount', ref: 'plain' })
  expect(declared).toMatchObject({
    reads: 'private',
    sends: 'inside',
    answers: 'untrusted',
    place: 'a letter',
  })
})

test('the declared effect counts, not the verb in the name', () => {
  const read = tool({
    name: 'send_report',
    description: 'Looks a report up',
    input: z.object({ id: z.string() }),
    output: z.unknown(),
    effect: 'read',
    run: () => null,
  }).governed()
  expect(read).toMatchObject({ effect: 'read', sends: 'none', kinds: [] })
})

test('a tool that gets its name later is inferred from that name', () => {
  const nameless = tool({ description: 'Acts', input, output: z.unknown(), effect: 'once', run: () => null })
  expect(nameless.governed().sends).toBe('none')
  nameless.name = 'send_money'
  expect(nameless.governed()).toMatchObject({ name: 'send_money', sends: 'outside', kinds: ['pay'] })
})

test('ready-made tools say what they are', () => {
  const files = fileTools({ root: '/srv/reports' })
  const web = webPageTool({ allow: ['docs.example'] }).governed()
  expect(web).toMatchObject({
    effect: 'read',
    sends: 'outside',
    answers: 'untrusted',
    roles: { url: 'directs' },
  })
  const http = httpTool({ name: 'shop.http', allow: ['shop.example'], methods: ['GET', 'POST'] }).governed()
  expect(http).toMatchObject({ sends: 'outside', answers: 'untrusted', place: 'an answer of shop.http' })
  expect(http.roles).toMatchObject({ url: 'directs', headers: 'directs', body: 'directs', method: 'plain' })
  expect(sqlTool({ name: 'orders.query', file: '/srv/shop.db' }).governed()).toMatchObject({
    reads: 'private',
    sends: 'none',
    answers: 'trusted',
  })
  expect(files.read.governed()).toMatchObject({ reads: 'private', answers: 'untrusted', sends: 'none' })
  expect(files.remove.governed()).toMatchObject({ kinds: ['delete', 'file'], roles: { path: 'directs' } })
  expect(clockTool().governed()).toMatchObject({ answers: 'trusted', isVouched: true, reads: 'none' })
  const [pets] = openApiTools({
    name: 'shop',
    document: {
      openapi: '3.1.0',
      info: { title: 'Pets', version: '1' },
      servers: [{ url: 'https://pets.example' }],
      paths: { '/pets': { get: { operationId: 'listPets', responses: {} } } },
    },
  })
  expect(pets!.governed()).toMatchObject({ answers: 'untrusted', effect: 'read' })
  const trusted = declareTool(pets!, { answers: 'trusted', directs: ['query'] })
  expect(trusted.governed()).toMatchObject({
    answers: 'trusted',
    effect: 'read',
    roles: { query: 'directs' },
  })
  expect(pets!.governed().answers).toBe('untrusted')
})

test.each([
  [{ reads: 'secret' }, 'reads'],
  [{ sends: 'everywhere' }, 'sends'],
  [{ answers: 'maybe' }, 'answers'],
  [{ directs: 'to' }, 'directs'],
  [{ roles: { to: 'points' } }, 'roles.to'],
  [{ roles: { to: 'content' }, directs: ['to'] }, 'leave out one'],
  [{ isVouched: 'yes' }, 'isVouched'],
])('a declaration that is none is refused: %o', (axes, named) => {
  expect(() => mail(axes as never)).toThrow(expect.objectContaining({ code: 'bad-tool' }))
  expect(() => mail(axes as never)).toThrow(new RegExp(named, 'i'))
  expect(() => declareTool(mail(), axes as never)).toThrow(new RegExp(named, 'i'))
})
