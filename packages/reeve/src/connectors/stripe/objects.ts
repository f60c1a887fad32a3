import { z } from 'zod'

/** Amounts are whole numbers of the currency's smallest unit: cents. */
export const amount = z.number().int().positive().max(99_999_999)
export const currency = z.string().regex(/^[a-z]{3}$/, 'three small letters, such as usd')
export const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}_\\w{1,200}$`), `an id that begins with ${prefix}_`)
export const metadata = z.record(z.string().max(40), z.string().max(500))

export const Customer = z.object({
  id: z.string(),
  email: z.string().nullable(),
  name: z.string().nullish(),
  livemode: z.boolean(),
  metadata: metadata.optional(),
})

export const Payment = z.object({
  id: z.string(),
  amount: z.number().int(),
  amount_received: z.number().int().optional(),
  currency: z.string(),
  status: z.string(),
  customer: z.string().nullable(),
  livemode: z.boolean(),
  metadata: metadata.optional(),
})

export const Refund = z.object({
  id: z.string(),
  amount: z.number().int(),
  currency: z.string(),
  status: z.string().nullable(),
  payment_intent: z.string().nullable(),
  reason: z.string().nullish(),
  metadata: metadata.optional(),
})

export const Invoice = z.object({
  id: z.string(),
  customer: z.string(),
  status: z.string().nullable(),
  currency: z.string(),
  amount_due: z.number().int(),
  amount_paid: z.number().int(),
  hosted_invoice_url: z.string().nullish(),
  number: z.string().nullish(),
  livemode: z.boolean(),
  metadata: metadata.optional(),
})

export const StripeEvent = z.object({
  id: z.string(),
  type: z.string(),
  created: z.number().int(),
  livemode: z.boolean(),
  account: z.string().optional(),
  data: z.object({ object: z.record(z.string(), z.unknown()) }),
})
