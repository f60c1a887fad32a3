import { z } from 'zod'

/** A right answer with its schema. Its first property is an enumeration, its second a number; both are required. */
export interface Base {
  schema: z.ZodObject
  value: Record<string, unknown>
}

const ticket = z.object({
  category: z.enum(['billing', 'technical', 'sales']),
  urgency: z.int().min(1).max(5),
  orderId: z.string().optional(),
  summary: z.string(),
})

const invoice = z.object({
  currency: z.enum(['EUR', 'USD', 'CHF']),
  total: z.number().positive(),
  paid: z.boolean(),
  lines: z.array(z.object({ text: z.string(), pieces: z.int(), price: z.number() })).min(1),
})

const meeting = z.object({
  kind: z.enum(['call', 'visit', 'demo']),
  minutes: z.int().positive(),
  people: z.array(z.string()).min(1),
  notes: z.string().nullable(),
})

const review = z.object({
  verdict: z.enum(['accept', 'revise', 'reject']),
  score: z.number().min(0).max(1),
  reasons: z.array(z.string()),
  final: z.boolean(),
})

const shipment = z.object({
  carrier: z.enum(['post', 'courier', 'pickup']),
  weightKg: z.number().positive(),
  address: z.object({ street: z.string(), town: z.string(), code: z.string() }),
  fragile: z.boolean(),
})

const decision = z.object({
  action: z.enum(['refund', 'replace', 'escalate', 'nothing']),
  confidence: z.number().min(0).max(1),
  because: z.string(),
  tags: z.array(z.string()),
  draft: z.object({ to: z.email(), body: z.string() }).nullable(),
})

export const bases: Base[] = [
  base(ticket, {
    category: 'billing',
    urgency: 4,
    orderId: 'HB-20431',
    summary: 'Charged twice for one scale',
  }),
  base(ticket, { category: 'technical', urgency: 5, summary: 'All gateways show "offline" since 6:00' }),
  base(ticket, {
    category: 'sales',
    urgency: 1,
    summary: 'Asks which plan fits 40 hives, and whether {yearly} is cheaper',
  }),
  base(ticket, {
    category: 'technical',
    urgency: 2,
    orderId: 'HB-00007',
    summary: "The scale's reading drifts by 1.5 kg [photo attached]",
  }),
  base(invoice, {
    currency: 'EUR',
    total: 1249.5,
    paid: false,
    lines: [
      { text: 'Hive scale', pieces: 3, price: 399.5 },
      { text: 'Shipping, insured', pieces: 1, price: 51 },
    ],
  }),
  base(invoice, {
    currency: 'USD',
    total: 89,
    paid: true,
    lines: [{ text: 'Yearly plan', pieces: 1, price: 89 }],
  }),
  base(invoice, {
    currency: 'CHF',
    total: 1000000.25,
    paid: false,
    lines: [{ text: 'Gateway // outdoor', pieces: 2500, price: 400.0001 }],
  }),
  base(invoice, {
    currency: 'EUR',
    total: 0.99,
    paid: true,
    lines: [{ text: 'Screw', pieces: 9, price: 0.11 }],
  }),
  base(meeting, { kind: 'call', minutes: 30, people: ['Ana', 'Björn'], notes: null }),
  base(meeting, {
    kind: 'visit',
    minutes: 240,
    people: ['Zoë O’Neill'],
    notes: 'Bring the tools\nand the spare gateway',
  }),
  base(meeting, {
    kind: 'demo',
    minutes: 45,
    people: ['田中', 'Lee', 'Smith, J.'],
    notes: 'Room 4; see https://example.test/plan',
  }),
  base(meeting, { kind: 'call', minutes: 15, people: ['Maria'], notes: '' }),
  base(review, {
    verdict: 'revise',
    score: 0.62,
    reasons: ['No policy is cited', 'The tone is curt'],
    final: false,
  }),
  base(review, { verdict: 'accept', score: 0.97, reasons: [], final: true }),
  base(review, {
    verdict: 'reject',
    score: 0,
    reasons: ['It promises a refund that the policy excludes: 30 days are over'],
    final: true,
  }),
  base(review, {
    verdict: 'revise',
    score: 0.5,
    reasons: ['[1] does not say so', 'A \\ is missing'],
    final: false,
  }),
  base(shipment, {
    carrier: 'courier',
    weightKg: 12.4,
    address: { street: 'Hauptstraße 7', town: 'Görlitz', code: '02826' },
    fragile: true,
  }),
  base(shipment, {
    carrier: 'post',
    weightKg: 0.35,
    address: { street: '12 Rue de l’Église', town: 'Nîmes', code: '30000' },
    fragile: false,
  }),
  base(shipment, {
    carrier: 'pickup',
    weightKg: 80,
    address: { street: 'Unit 5, "The Mill"', town: 'Leeds', code: 'LS1 4DY' },
    fragile: false,
  }),
  base(decision, {
    action: 'refund',
    confidence: 0.88,
    because: 'Bought 12 days ago, unopened',
    tags: ['policy/30-days'],
    draft: { to: 'ana@example.test', body: 'Hello Ana,\n\nwe refund $49.00 today.' },
  }),
  base(decision, {
    action: 'escalate',
    confidence: 0.4,
    because: 'Threatens legal steps',
    tags: ['legal', 'urgent'],
    draft: null,
  }),
  base(decision, { action: 'nothing', confidence: 1, because: 'An automatic reply', tags: [], draft: null }),
  base(decision, {
    action: 'replace',
    confidence: 0.71,
    because: 'Damaged on arrival; photo shows a crack',
    tags: ['damage'],
    draft: { to: 'o.neill@example.test', body: 'A new one is on its way.' },
  }),
]

function base(schema: z.ZodObject, value: Record<string, unknown>): Base {
  return { schema, value }
}
