import type { Json } from '../../src/base/json/json.ts'
import { type CallToDecide, decide, type Ruling } from '../../src/governance/decide.ts'
import { type Grant, prepareGrants } from '../../src/governance/grants/grant.ts'
import type { Chain, Link } from '../../src/governance/principals.ts'
import type { Reading } from '../../src/governance/provenance/reading.ts'
import { RunValues } from '../../src/governance/provenance/run-values.ts'
import { Request } from '../../src/governance/request/request.ts'
import type { GovernedTool } from '../../src/governance/tools/governed-tool.ts'
import { type DescribedTool, inferTool } from '../../src/governance/tools/infer-tool.ts'

export const noon = Date.UTC(2026, 4, 19, 12)

export function agent(grants: readonly Grant[] = [{ tool: '*' }], id = 'desk'): Link {
  return { principal: { id, kind: 'agent' }, proof: 'started-by-reeve', grants: prepareGrants(grants) }
}

export function person(role?: 'viewer' | 'approver' | 'operator' | 'owner', id = 'anna'): Link {
  return { principal: { id, kind: 'person', ...(role && { role }) }, proof: 'session', grants: [] }
}

/** A tool by its name and arguments, as if it had only described itself. */
export function described(name: string, ...names: string[]): GovernedTool {
  const number = /amount|quantity/
  const properties = Object.fromEntries(
    names.map((one) => [one, { type: number.test(one) ? 'number' : 'string' }]),
  )
  return inferTool({ name, parameters: { properties } } as DescribedTool)
}

export const sendMail = described('send_email', 'to', 'subject', 'body')
export const sendMoney = described('send_money', 'iban', 'amount', 'subject')
export const openPage = described('browse_webpage', 'url')
export const cartAdd = described('cart_add_product', 'product_id', 'quantity')
export const checkout = described('checkout', 'order_note')

export interface Scene {
  request: string
  read?: (Partial<Reading> & { value: Json })[]
  call?: Partial<CallToDecide>
}

/** Decides on one call of an agent that may do everything, after these readings. */
export function ruled(
  tool: GovernedTool,
  args: Record<string, Json>,
  { request, read = [], call = {} }: Scene,
): Ruling {
  const values = new RunValues()
  for (const reading of read)
    values.add({ label: 'untrusted', isPrivate: false, place: 'a mail', ...reading })
  return decide({
    chain: [person('operator'), agent()] as Chain,
    tool,
    args,
    values,
    request: new Request(request),
    taintedThings: new Map(),
    usedDelegations: new Set(),
    now: noon,
    ...call,
  })
}

export function codesOf({ reasons }: Ruling): string[] {
  return reasons.map(({ code }) => code)
}

export function mail(sender: string, subject: string, body: string): Partial<Reading> & { value: Json } {
  return { value: [{ sender, subject, body }], isPrivate: true }
}
