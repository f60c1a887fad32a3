import type { Json } from '../../base/json/json.ts'
import type { RunRecords } from '../../engine/run-records.ts'
import type { SpentSince } from '../grants/effect-budgets.ts'
import type { Chain } from '../principals.ts'
import { reservationsOf } from '../rules/rights.ts'
import { million } from './recorded-ruling.ts'

/** What the budgets of the grants that may hold for a call have taken; `id`: what the call itself took does not count. */
export async function spentBy(
  records: Pick<RunRecords, 'spentSince'>,
  chain: Chain,
  { tool, args, now, id }: { tool: string; args: Record<string, Json>; now: number; id: string },
): Promise<SpentSince> {
  const known = new Map<string, number>()
  for (const link of chain)
    for (const grant of link.grants) {
      if (grant.budgets.length === 0 || !grant.isFor(tool)) continue
      for (const { key, since } of reservationsOf(link, grant, { args, now })) {
        const taken = await records.spentSince({ account: key, since, but: id })
        known.set(`${key}|${since}`, taken / million)
      }
    }
  return (key, since) => known.get(`${key}|${since}`) ?? 0
}
