import { z } from 'zod'
import { apiKey } from '../auth/scheme.ts'
import { connector } from '../connector.ts'
import { pathPart } from '../door/request.ts'
import type { ServiceAnswer, ServiceCall } from '../door/service-call.ts'
import { action } from '../shape/action.ts'
import type { Refusal } from '../shape/refusal.ts'
import { fromWebhook } from '../shape/trigger.ts'
import { amount, Customer, currency, Invoice, id, metadata, Payment, Refund, StripeEvent } from './objects.ts'

/** By which an object is found again whose making was not answered: the service forgets its own keys after a day. */
const keyField = 'reeve_key'

/**
 * Stripe: customers, invoices, payments, refunds, events. Declared here and not by the vendor's library: that retries, keeps
 * connections and pins versions by itself, which the one door of connectors does for all.
 * @example
 * import { stripe } from 'reeve/connectors/stripe'
 *
 * export const payments = stripe({ mode: 'sandbox', rules: { refund: { approval: ({ amount = 0 }) => amount > 100_00 } } })
 */
export const stripe = connector({
  name: 'stripe',
  title: 'Stripe',
  version: '1.0.0',
  vendorApi: { version: '2025-09-30.clover', header: 'stripe-version' },
  url: 'https://api.stripe.com',
  auth: apiKey({
    label: 'secret key',
    where: 'https://dashboard.stripe.com/apikeys (test keys: https://dashboard.stripe.com/test/apikeys)',
    pattern: /^[sr]k_(?:test|live)_\w{10,}$/,
    modeOf: (key) => (key.includes('_test_') ? 'sandbox' : 'live'),
  }),
  health: {
    probe: async (api) => {
      const { json } = await api.get('/v1/account')
      return { identity: json.id, name: json.settings?.dashboard?.display_name ?? json.email ?? json.id }
    },
  },
  // Half of what Stripe allows: the rest of the account's programs need some too.
  rate: { default: { count: 50, per: '1s' }, classes: { write: { count: 50, per: '1s' } } },
  sandbox: {
    url: 'https://api.stripe.com',
    how: 'Use a key that begins with sk_test_ or rk_test_: https://dashboard.stripe.com/test/apikeys',
    standIn: {
      credential: 'sk_test_standin0000000000000000',
      webhookSecrets: { event: 'whsec_standin_of_stripe_no_secret' },
      load: () => import('./stand-in.ts').then(({ start }) => start),
    },
  },
  idempotencyHeader: 'idempotency-key',
  refusal: refusalOf,
  actions: {
    createCustomer: action({
      description: 'Make a customer',
      endpoint: 'POST /v1/customers',
      class: 'write',
      input: z.object({
        email: z.email(),
        name: z.string().max(200).optional(),
        metadata: metadata.optional(),
      }),
      output: Customer,
      effect: 'idempotent',
      reads: 'none',
      sends: 'inside',
      directs: ['email'],
      answers: 'trusted',
      run: (args, api) => made(api, '/v1/customers', args),
      undo: {
        effect: 'idempotent',
        run: ({ result }, api) =>
          api.delete(`/v1/customers/${pathPart(result.id)}`, { accept: [404] }).then(() => {}),
      },
    }),
    findCustomers: action({
      description: 'Find customers by their e-mail address',
      endpoint: 'GET /v1/customers',
      input: z.object({ email: z.email(), limit: z.number().int().min(1).max(100).default(10) }),
      output: z.array(Customer),
      effect: 'read',
      reads: 'private',
      sends: 'none',
      directs: ['email'],
      answers: 'trusted',
      run: async (query, api) => (await api.get('/v1/customers', { query })).json.data,
    }),
    getPayment: action({
      description: 'Look a payment up',
      endpoint: 'GET /v1/payment_intents/{id}',
      input: z.object({ payment: id('pi') }),
      output: Payment,
      effect: 'read',
      reads: 'private',
      sends: 'none',
      directs: ['payment'],
      answers: 'trusted',
      run: async ({ payment }, api) => (await api.get(`/v1/payment_intents/${pathPart(payment)}`)).json,
    }),
    refund: action({
      description: 'Pay a payment back, whole or in part',
      endpoint: ['POST /v1/refunds', 'GET /v1/refunds'],
      class: 'write',
      input: z.object({
        payment: id('pi'),
        /** Absent: all that is left of it. */
        amount: amount.optional(),
        reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
      }),
      output: Refund,
      effect: 'verifiable',
      risk: 'high',
      reads: 'none',
      sends: 'outside',
      directs: ['payment', 'amount'],
      answers: 'trusted',
      kinds: ['pay'],
      run: ({ payment, ...rest }, api) => made(api, '/v1/refunds', { payment_intent: payment, ...rest }),
      verify: async ({ payment }, api) => {
        const found = await foundAgain(api, '/v1/refunds', { payment_intent: payment })
        return found ? { outcome: 'applied', result: found } : { outcome: 'not-applied' }
      },
    }),
    listRefunds: action({
      description: 'List what was paid back of a payment',
      endpoint: 'GET /v1/refunds',
      input: z.object({ payment: id('pi') }),
      output: z.array(Refund),
      effect: 'read',
      reads: 'private',
      sends: 'none',
      directs: ['payment'],
      answers: 'trusted',
      run: ({ payment }, api) => listed(api, '/v1/refunds', { payment_intent: payment }),
    }),
    createInvoice: action({
      description: 'Make the draft of an invoice for a customer, with its lines',
      endpoint: ['POST /v1/invoices', 'POST /v1/invoiceitems'],
      class: 'write',
      input: z.object({
        customer: id('cus'),
        currency: currency.default('usd'),
        lines: z
          .array(z.object({ description: z.string().max(500), amount }))
          .min(1)
          .max(50),
        daysUntilDue: z.number().int().min(0).max(365).default(30),
      }),
      output: Invoice,
      effect: 'idempotent',
      reads: 'none',
      sends: 'inside',
      directs: ['customer'],
      answers: 'trusted',
      stages: 'invoice',
      run: async ({ customer, currency, lines, daysUntilDue }, api) => {
        const invoice = await made(api, '/v1/invoices', {
          customer,
          currency,
          collection_method: 'send_invoice',
          days_until_due: daysUntilDue,
          auto_advance: false,
        })
        for (const line of lines)
          await api.post('/v1/invoiceitems', { form: { customer, currency, invoice: invoice.id, ...line } })
        return (await api.get(`/v1/invoices/${pathPart(invoice.id)}`)).json
      },
      undo: {
        effect: 'idempotent',
        run: ({ result }, api) =>
          api.delete(`/v1/invoices/${pathPart(result.id)}`, { accept: [404] }).then(() => {}),
      },
    }),
    sendInvoice: action({
      description: 'Finish the draft of an invoice and send it to the customer',
      endpoint: ['POST /v1/invoices/{id}/finalize', 'POST /v1/invoices/{id}/send'],
      class: 'write',
      input: z.object({ invoice: id('in') }),
      output: Invoice,
      effect: 'idempotent',
      risk: 'medium',
      reads: 'none',
      sends: 'outside',
      directs: ['invoice'],
      answers: 'trusted',
      commits: 'invoice',
      run: async ({ invoice }, api) => {
        await api.post(`/v1/invoices/${pathPart(invoice)}/finalize`)
        return (await api.post(`/v1/invoices/${pathPart(invoice)}/send`)).json
      },
      undo: {
        effect: 'idempotent',
        run: ({ result }, api) => api.post(`/v1/invoices/${pathPart(result.id)}/void`).then(() => {}),
      },
    }),
    getInvoice: action({
      description: 'Look an invoice up',
      endpoint: 'GET /v1/invoices/{id}',
      input: z.object({ invoice: id('in') }),
      output: Invoice,
      effect: 'read',
      reads: 'private',
      sends: 'none',
      directs: ['invoice'],
      answers: 'trusted',
      run: async ({ invoice }, api) => (await api.get(`/v1/invoices/${pathPart(invoice)}`)).json,
    }),
  },
  triggers: {
    event: fromWebhook({
      description: 'Something happened in the account',
      signature: 'stripe',
      schema: StripeEvent,
      how: 'https://dashboard.stripe.com/webhooks: add the address, and keep its signing secret',
      foreign: ({ livemode, account }, facts) => {
        if (livemode !== (facts.mode === 'live')) return `it is of ${livemode ? 'live' : 'test'} mode`
        return account === undefined || account === facts.identity
          ? undefined
          : `it is of the account ${account}`
      },
    }),
  },
})

/** Makes an object that can be found again by the effect's key. */
async function made(api: ServiceCall, path: string, { metadata: own, ...form }: { [name: string]: unknown }) {
  const its = { ...(own as object | undefined), [keyField]: api.key }
  return (await api.post(path, { form: { ...form, metadata: its } })).json
}

async function foundAgain(api: ServiceCall, path: string, query: Record<string, string>) {
  const all = await listed(api, path, query)
  return all.find(({ metadata: its }) => its?.[keyField] === api.key)
}

async function listed(api: ServiceCall, path: string, query: Record<string, string>) {
  const all: z.input<typeof Refund>[] = []
  const next = ({ json }: ServiceAnswer) =>
    json.has_more ? { starting_after: json.data.at(-1).id } : undefined
  for await (const { json } of api.pages(path, { query: { ...query, limit: 100 } }, next))
    all.push(...json.data)
  return all
}

/** What Stripe's errors mean beyond their status. */
function refusalOf({ status, json }: ServiceAnswer): Refusal | undefined {
  const error = json?.error
  if (status < 400 || typeof error !== 'object' || error === null) return undefined
  const { message, code, type } = error as { message?: string; code?: string; type?: string }
  const said = { code: code ?? type, message }
  if (status === 403) {
    const scopes = [...(message ?? '').matchAll(/'(rak_\w{1,60})'/g)].map(([, scope]) => scope!)
    return { kind: 'scope', ...said, scopes }
  }
  // The first request with this key is still at work.
  if (code === 'idempotency_key_in_use') return { kind: 'failed', ...said, waitMs: 2_000 }
  return undefined
}
