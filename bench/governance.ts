import type { Json } from '../packages/reeve/src/base/json/json.ts'
import { type CallToDecide, decide } from '../packages/reeve/src/governance/decide.ts'
import { prepareGrants } from '../packages/reeve/src/governance/grants/grant.ts'
import { RunValues } from '../packages/reeve/src/governance/provenance/run-values.ts'
import { Request } from '../packages/reeve/src/governance/request/request.ts'
import { inferTool } from '../packages/reeve/src/governance/tools/infer-tool.ts'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { figure, table } from './runner/table.ts'

const strings = (...names: string[]) => Object.fromEntries(names.map((name) => [name, { type: 'string' }]))
const tools = {
  mail: inferTool({
    name: 'send_email',
    parameters: { properties: strings('recipients', 'subject', 'body') },
  }),
  pay: inferTool({
    name: 'send_money',
    parameters: { properties: { ...strings('iban', 'subject'), amount: { type: 'number' } } },
  }),
  inbox: inferTool({ name: 'get_emails' }),
  orders: inferTool({ name: 'list_orders' }),
}

/**
 * What one decision costs, in a run that has read so many mails and records: a mail to a sender whom the request names, a payment
 * to an account that nothing vouches for, and a read. `--mails 1000`: each mail has five fields, and each beside it an order of
 * five. `--decisions 20000` of each kind are timed one by one, after as many to warm up. Taking the values apart is timed apart:
 * it happens once, at the first decision.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const mails = wholeNumber(options, 'mails', 1000)
  const decisions = wholeNumber(options, 'decisions', 20_000)
  const values = new RunValues()
  const started = performance.now()
  values.add({ value: mailsOf(mails), label: 'untrusted', isPrivate: true, place: 'a mail' })
  values.add({
    value: ordersOf(mails),
    label: 'trusted',
    isPrivate: true,
    place: 'an order',
    steering: 'operator',
  })
  values.find('warm')
  const indexMs = performance.now() - started
  const request = new Request('Please answer the mail of Anna17 about her order and send her the price.')
  const grants = prepareGrants([{ tool: '*', budgets: [{ id: 'calls a day', ceiling: 1e9, per: '1d' }] }])
  const call = (tool: CallToDecide['tool'], args: Record<string, Json>): CallToDecide => ({
    chain: [
      { principal: { id: 'anna', kind: 'person', role: 'operator' }, proof: 'session', grants: [] },
      { principal: { id: 'desk', kind: 'agent' }, proof: 'started-by-reeve', grants },
    ],
    tool,
    args,
    values,
    request,
    taintedThings: new Map(),
    usedDelegations: new Set(),
    now: 0,
  })
  const calls: Record<string, CallToDecide> = {
    mail: call(tools.mail, {
      recipients: ['anna17@example.com'],
      subject: 'Your order',
      body: 'Order O-17 costs 117.50. It was sent on Monday.',
    }),
    payment: call(tools.pay, { iban: 'DE89370400440532013017', amount: 117.5, subject: 'Refund' }),
    read: call(tools.orders, {}),
  }
  const timed = Object.entries(calls).map(([name, one]) => ({
    name,
    decision: decide(one).decision,
    ...timesOf(() => decide(one), decisions),
  }))
  const worst = Math.max(...timed.map(({ medianUs }) => medianUs))
  return {
    goals: {
      decideMedianUs: goalOf(worst, 50, 'µs', 'lower'),
      indexPerValueUs: goalOf((indexMs * 1000) / (mails * 10), 50, 'µs', 'lower'),
    },
    raw: { mails, decisions, indexMs, timed },
    summary: table(
      ['call', 'decided', 'median µs', 'p99 µs'],
      timed.map(({ name, decision, medianUs, p99Us }) => [name, decision, figure(medianUs), figure(p99Us)]),
    ),
  }
}

function timesOf(action: () => unknown, count: number): { medianUs: number; p99Us: number } {
  for (let index = 0; index < count; index++) action()
  const times = new Float64Array(count)
  for (let index = 0; index < count; index++) {
    const begun = process.hrtime.bigint()
    action()
    times[index] = Number(process.hrtime.bigint() - begun) / 1000
  }
  times.sort()
  return { medianUs: times[count >> 1]!, p99Us: times[Math.floor(count * 0.99)]! }
}

function mailsOf(count: number): Json {
  return Array.from({ length: count }, (_, index) => ({
    id: String(index),
    sender: `anna${index}@example.com`,
    subject: `About my order ${index}`,
    body: `Hello, my order O-${index} has not come. Please pay back to DE893704004405320${13000 + index} or see https://example.com/orders/${index}.`,
    timestamp: '2026-05-01 10:00',
  }))
}

function ordersOf(count: number): Json {
  return Array.from({ length: count }, (_, index) => ({
    order_id: `O-${index}`,
    customer: `anna${index}@example.com`,
    price: 100.5 + index,
    product_name: `Lamp ${index}`,
    status: 'sent',
  }))
}
