import { pino } from 'pino'
import type { Log } from '../base/log.ts'

/** A line of JSON for each entry, with its level and time, as programs that gather logs read it. */
export function jsonLog(write: (line: string) => void, verbose: boolean): Log {
  const level = verbose ? 'info' : 'warn'
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: named },
    { write },
  )
  return {
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  }
}

/** Levels by their names, not their numbers. */
const named = { level: (level: string) => ({ level }) }
