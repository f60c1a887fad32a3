import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tool } from 'reeve'
import { z } from 'zod'

/** `payment` is Stripe's id of it, `amount` what was paid (cents). */
const Purchase = z.object({ payment: z.string(), item: z.string(), amount: z.number(), daysAgo: z.number() })
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
