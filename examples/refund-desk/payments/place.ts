import { join } from 'node:path'
import { startPayments } from './server.ts'

const port = Number(process.env.PAYMENTS_PORT ?? 4760)

/** Where the payment service answers. */
export function paymentsUrl(): string {
  return `http://127.0.0.1:${port}`
}

/** Starts the payment service unless it is up already, here or in another process. */
export async function ensurePayments(): Promise<{ close(): Promise<void> }> {
  const isUp = await fetch(new URL('/health', paymentsUrl())).then(
    (response) => response.ok,
    () => false,
  )
  if (isUp) return { close: async () => {} }
  const directory = process.env.PAYMENTS_DIR ?? join(import.meta.dirname, '../.reeve/payments')
  return startPayments({ port, directory })
}
