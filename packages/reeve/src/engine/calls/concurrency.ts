import { ReeveError } from '../../base/errors.ts'
import { wholeNumber } from '../../base/numbers.ts'
import { checkKnownOptions } from '../../base/options.ts'
import { describeValue } from '../../base/text/shorten.ts'
import type { CallSite } from '../call-site.ts'

/** For `ctx.all`. */
export interface AllOptions {
  /** The most functions that run at a time: a whole number from 1 on. Default, and `Infinity`: no limit. */
  concurrency?: number | undefined
}

/** As a limit on what runs at a time; undefined: no limit. @throws `bad-number` */
export function concurrencyOf(given: number | undefined, what: string): number {
  if (given === undefined || given === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
  return wholeNumber(given, `\`concurrency\` of ${what}`)
}

/**
 * All of them, in order. Once one has failed, no further function is called; those that were called go on, and their
 * results are journaled.
 * @throws `bad-number` `bad-option` and what the first one fails with
 */
export async function all(
  site: CallSite,
  items: readonly unknown[],
  options: AllOptions = {},
): Promise<unknown[]> {
  return inLanes(site, 'ctx.all', items, options, begin)
}

/** The same, but that a failure is a result: it keeps nothing from running. @throws `bad-number` `bad-option` */
export async function allSettled(
  site: CallSite,
  items: readonly unknown[],
  options: AllOptions = {},
): Promise<PromiseSettledResult<unknown>[]> {
  return inLanes(site, 'ctx.allSettled', items, options, async (item) => {
    try {
      return { status: 'fulfilled', value: await begin(item) }
    } catch (reason) {
      return { status: 'rejected', reason }
    }
  })
}

function begin(item: unknown): unknown {
  return typeof item === 'function' ? item() : item
}

async function inLanes<T>(
  site: CallSite,
  what: string,
  items: readonly unknown[],
  options: AllOptions,
  settle: (item: unknown) => T,
): Promise<Awaited<T>[]> {
  if (!Array.isArray(items)) {
    throw new ReeveError('bad-option', `${what} got ${describeValue(items)}. Give it an array.`)
  }
  // Looked at in its turn, or never: until then its failure must not end the process as an unhandled one.
  for (const item of items) if (item instanceof Promise) item.catch(() => {})
  checkKnownOptions(options, what, {}, ['concurrency'] satisfies (keyof AllOptions)[])
  const limit = concurrencyOf(options.concurrency, what)
  const results: Awaited<T>[] = new Array(items.length)
  let next = 0
  const lane = async () => {
    while (next < items.length) {
      const index = next++
      try {
        results[index] = await settle(items[index])
      } catch (error) {
        next = items.length
        throw error
      }
    }
  }
  const lanes = Array.from({ length: Math.min(limit, items.length) }, lane)
  try {
    await Promise.all(lanes)
  } catch (error) {
    for (const each of [...lanes, ...items]) if (each instanceof Promise) site.leave(each)
    throw error
  }
  return results
}
