import type { SandboxOptions } from '../shape/sandbox.ts'
import type { StandInAnswer, StandInRequest, StandInRoute } from '../stand-in/exchange.ts'
import { KeptState } from '../stand-in/kept.ts'
import { type StandIn, startStandIn } from '../stand-in/stand-in.ts'
import { admit, denies, type Keys } from './stand-in/keys.ts'
import { beginning, refund, type State } from './stand-in/state.ts'
import { type Form, failure, list, made, readForm, type Thing } from './stand-in/wire.ts'

/** The stand-in of Stripe, with what it knows. */
export interface StripeStandIn extends StandIn {
  state: State
  keys: Keys
}

/** Starts a stand-in that speaks Stripe's wire format: forms in, JSON out, pages by `starting_after`, keys by `Idempotency-Key`. */
export async function start(
  options: SandboxOptions & { limit?: { count: number; perMs: number } } = {},
): Promise<StripeStandIn> {
  const kept = new KeptState<State>(options.file, beginning)
  const { state } = kept
  const keys: Keys = new Map([['sk_test_standin0000000000000000', {}]])
  const standIn = await startStandIn(
    ({ books, now }) => {
      const seconds = () => Math.floor(now() / 1000)
      /** Done once for a key, and on disk before it is answered. */
      const write = (
        what: string,
        permission: string,
        act: (form: Form, request: StandInRequest) => StandInAnswer,
      ): StandInRoute => {
        return (request) => {
          const denied = denies(keys, request, permission)
          if (denied) return denied
          const key = request.headers['idempotency-key']
          const standing = key === undefined ? { is: 'new' as const } : kept.look(key, request)
          if (standing.is === 'same')
            return { ...standing.answer, headers: { 'idempotent-replayed': 'true' } }
          if (standing.is === 'other')
            return failure(
              400,
              'idempotency_error',
              `Keys for idempotent requests can only be used with the same parameters they were first used with.`,
            )
          const form = readForm(request)
          const answer = act(form, request)
          if ((answer.status ?? 200) < 400)
            books.record(what, { ...(key !== undefined && { key }), id: (answer.body as Thing).id })
          if (key !== undefined) kept.keep(key, request, answer)
          kept.save()
          return answer
        }
      }
      const note = (type: string, object: Thing) => {
        state.events.unshift({
          id: made('evt'),
          object: 'event',
          type,
          created: seconds(),
          livemode: false,
          api_version: '2025-09-30.clover',
          data: { object },
        })
      }
      const find = (list: Thing[], request: StandInRequest, name: string) => {
        const found = list.find(({ id }) => id === request.params.id)
        return (
          found ??
          failure(404, 'invalid_request_error', `No such ${name}: '${request.params.id}'`, 'resource_missing')
        )
      }
      const one =
        (list: Thing[], name: string): StandInRoute =>
        (request) => {
          const found = find(list, request, name)
          return 'id' in found ? { body: found } : found
        }
      return {
        name: 'stripe',
        admit: (request) => admit(keys, request),
        refuse: (refusal) => {
          if (refusal.why === 'unauthorized')
            return failure(401, 'invalid_request_error', 'Invalid API Key provided: sk_test_****')
          if (refusal.why === 'rate-limited')
            return {
              ...failure(429, 'invalid_request_error', 'Request rate limit exceeded.', 'rate_limit'),
              headers: {
                'retry-after': String(refusal.retryAfterS),
                'stripe-rate-limited-reason': 'global-rate',
              },
            }
          if (refusal.why === 'unavailable')
            return failure(refusal.status, 'api_error', 'An unknown error occurred')
          return failure(404, 'invalid_request_error', 'Unrecognized request URL.')
        },
        headers: ({ headers }) => ({
          'request-id': made('req'),
          'stripe-version': headers['stripe-version'] ?? '2025-09-30.clover',
        }),
        routes: {
          'GET /v1/account': () => ({
            body: {
              id: state.account,
              object: 'account',
              email: 'shop@stand-in.example',
              settings: { dashboard: { display_name: 'Stand-in shop' } },
            },
          }),
          'POST /v1/customers': write('customer-created', 'rak_customer_write', (form) => {
            const customer = {
              id: made('cus'),
              object: 'customer',
              email: form.email ?? null,
              name: form.name ?? null,
              created: seconds(),
              livemode: false,
              metadata: form.metadata ?? {},
            }
            state.customers.unshift(customer)
            note('customer.created', customer)
            return { body: customer }
          }),
          'GET /v1/customers': ({ query, path }) =>
            list(
              state.customers.filter(({ email }) => !query.has('email') || email === query.get('email')),
              query,
              path,
            ),
          'GET /v1/customers/:id': one(state.customers, 'customer'),
          'DELETE /v1/customers/:id': write('customer-deleted', 'rak_customer_write', (_form, request) => {
            const found = find(state.customers, request, 'customer')
            if (!('id' in found)) return found
            state.customers.splice(state.customers.indexOf(found as Thing), 1)
            return { body: { id: found.id, object: 'customer', deleted: true } }
          }),
          'GET /v1/payment_intents/:id': one(state.payments, 'payment_intent'),
          'POST /v1/refunds': write('refund-created', 'rak_refund_write', (form) =>
            refund(state, form, seconds(), note),
          ),
          'GET /v1/refunds': ({ query, path }) =>
            list(
              state.refunds.filter(
                (each) => !query.has('payment_intent') || each.payment_intent === query.get('payment_intent'),
              ),
              query,
              path,
            ),
          'POST /v1/invoices': write('invoice-created', 'rak_invoice_write', (form) => {
            if (!state.customers.some(({ id }) => id === form.customer))
              return failure(
                400,
                'invalid_request_error',
                `No such customer: '${String(form.customer)}'`,
                'resource_missing',
              )
            const invoice = {
              id: made('in'),
              object: 'invoice',
              customer: form.customer,
              status: 'draft',
              currency: form.currency ?? 'usd',
              amount_due: 0,
              amount_paid: 0,
              hosted_invoice_url: null,
              number: null,
              livemode: false,
              metadata: form.metadata ?? {},
            }
            state.invoices.unshift(invoice)
            return { body: invoice }
          }),
          'POST /v1/invoiceitems': write('invoiceitem-created', 'rak_invoice_write', (form) => {
            const invoice = state.invoices.find(({ id }) => id === form.invoice)
            if (invoice?.status !== 'draft')
              return failure(400, 'invalid_request_error', 'The invoice is not a draft.')
            invoice.amount_due = Number(invoice.amount_due) + Number(form.amount)
            return {
              body: {
                id: made('ii'),
                object: 'invoiceitem',
                amount: Number(form.amount),
                currency: form.currency,
                invoice: invoice.id,
              },
            }
          }),
          'GET /v1/invoices/:id': one(state.invoices, 'invoice'),
          'DELETE /v1/invoices/:id': write('invoice-deleted', 'rak_invoice_write', (_form, request) => {
            const found = find(state.invoices, request, 'invoice')
            if (!('id' in found)) return found
            if (found.status !== 'draft')
              return failure(400, 'invalid_request_error', 'You can only delete draft invoices.')
            state.invoices.splice(state.invoices.indexOf(found as Thing), 1)
            return { body: { id: found.id, object: 'invoice', deleted: true } }
          }),
          ...Object.fromEntries(
            (['finalize', 'send', 'void'] as const).map((step) => [
              `POST /v1/invoices/:id/${step}`,
              write(`invoice-${step}`, 'rak_invoice_write', (_form, request) => {
                const found = find(state.invoices, request, 'invoice')
                if (!('id' in found)) return found
                const invoice = found as Thing
                if (step === 'void') invoice.status = 'void'
                else if (invoice.status === 'draft')
                  Object.assign(invoice, {
                    status: 'open',
                    number: made('INV'),
                    hosted_invoice_url: `https://invoice.stand-in.example/${invoice.id}`,
                  })
                note(
                  `invoice.${step === 'void' ? 'voided' : step === 'send' ? 'sent' : 'finalized'}`,
                  invoice,
                )
                return { body: invoice }
              }),
            ]),
          ),
          'GET /v1/events': ({ query, path }) => list(state.events, query, path),
        },
      }
    },
    { port: options.port, now: options.now, limit: options.limit },
  )
  return Object.assign(standIn, { state, keys })
}
