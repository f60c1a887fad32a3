/// <reference types="node" preserve="true" />

/**
 * Stripe: customers, invoices, payments, refunds, events.
 * @module
 */

export { stripe } from './stripe.ts'
