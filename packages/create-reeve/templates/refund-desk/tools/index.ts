import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tool } from 'reeve'
import { z } from 'zod'

const Purchase = z.object({ id: z.string(), item: z.string(), priceUsd: z.number(), daysAgo: z.number() })
const purchases = join(import.meta.dirname, '../purchases.json')
const paid = join(import.meta.dirname, '../paid')

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

/**
 * Until your payment service is connected, a refund is a file. Its name is the key of the effect, which is the same on every
 * attempt: send it to your payment service as its idempotency key.
 */
export const refundPayment = tool({
  name: 'payments.refund',
  description: 'Pay a purchase back',
  input: z.object({ purchaseId: z.string(), amountUsd: z.number().positive() }),
  output: z.object({ id: z.string(), amountUsd: z.number() }),
  effect: 'idempotent',
  risk: 'high',
  approval: ({ amountUsd }) => amountUsd > 100,
  async run(refund, { key }) {
    const id = key.replaceAll(':', '-')
    await mkdir(paid, { recursive: true })
    await writeFile(join(paid, `${id}.json`), `${JSON.stringify(refund)}\n`)
    return { id, amountUsd: refund.amountUsd }
  },
})
