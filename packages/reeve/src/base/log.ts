import { dataWithoutSecretShapes, withoutSecretShapes } from './secrets/secret-shapes.ts'
import type { Secrets } from './secrets/secrets.ts'

/** Where the runtime reports. Structured: a message and its particulars. */
export interface Log {
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/** A log that says nothing. */
export const silentLog: Log = { info() {}, warn() {}, error() {} }

/** A log that no secret gets into: none that is registered, and none that says by its form what it is. */
export function redactingLog(log: Log, secrets: Secrets): Log {
  const cleaned = (level: keyof Log) => (message: string, fields?: Record<string, unknown>) =>
    log[level](
      withoutSecretShapes(secrets.redact(message)),
      fields && dataWithoutSecretShapes(secrets.redactData(fields)),
    )
  return { info: cleaned('info'), warn: cleaned('warn'), error: cleaned('error') }
}

/** Writes warnings and errors, one line each, to `write`; with `verbose` everything. */
export function lineLog(write: (line: string) => void, verbose: boolean): Log {
  const line = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    write(`${level} ${message}${fields ? ` ${JSON.stringify(fields)}` : ''}\n`)
  }
  return { info: verbose ? line('info') : () => {}, warn: line('warn'), error: line('error') }
}
