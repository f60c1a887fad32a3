import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NotApplied, tool } from 'reeve'
import { z } from 'zod'
import { paymentsUrl } from '../payments/place.ts'

const Purchase = z.object({ id: z.string(), item: z.string(), priceUsd: z.number(), daysAgo: z.number() })
const purchases = join(import.meta.dirname, '../purchases.json')

export const findPurchase = tool({
  name: 'purchases.find',
  description: "Look a customer's purchase up",
  input: z.object({ userId: z.string() }),
  output: Purchase.nullable(),
  effect: 'read',
  async run({ userId }) {
    const all = JSON.parse(await readFile(purchases, 'utf8')) as Record<string, z.infer<typeof Purchase>>
    return Object.hasOwn(all, userId) ? all[userId]! : null
  },
})

export const refundPayment = tool({
  name: 'payments.refund',
  description: 'Pay a purchase back',
  input: z.object({ purchaseId: z.string(), amountUsd: z.number().positive() }),
  output: z.object({ id: z.string(), amountUsd: z.number() }),
  effect: 'idempotent',
  risk: 'high',
  approval: ({ amountUsd }) => amountUsd > 100,
  timeout: '10s',
  async run(refund, { key, signal }) {
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key }
    const request = { method: 'POST', headers, body: JSON.stringify(refund), signal }
    const response = await fetch(new URL('/v1/refunds', paymentsUrl()), request)
    if (response.ok) return (await response.json()) as { id: string; amountUsd: number }
    const problem = `The payment service answered ${response.status}: ${await response.text()}`
    throw response.status >= 500 ? new Error(problem) : new NotApplied(problem)
  },
})
