import { join } from 'node:path'
import { startReceivers } from './server.ts'

const defaultPort = 4750
const projectFolder = join(import.meta.dirname, '..')

function port(): number {
  return Number(process.env.RECEIVERS_PORT ?? defaultPort)
}

/** Where the helpdesk and the chat answer. */
export function receiversUrl(): string {
  return process.env.RECEIVERS_URL ?? `http://127.0.0.1:${port()}`
}

function directory(): string {
  return process.env.RECEIVERS_DIR ?? join(projectFolder, '.reeve/receivers')
}

/** Starts the receivers unless they are up already, here or in another process. */
export async function ensureReceivers(): Promise<{ close(): Promise<void> }> {
  if (await isUp()) return { close: async () => {} }
  return startReceivers({ port: port(), directory: directory() })
}

async function isUp(): Promise<boolean> {
  try {
    return (await fetch(new URL('/health', receiversUrl()), { signal: AbortSignal.timeout(1000) })).ok
  } catch {
    return false
  }
}
