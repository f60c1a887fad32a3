import { messageOf, ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical } from '../../base/json/json.ts'
import { fromNanoUsd, toNanoUsd } from '../../base/money.ts'
import { checkOptions, optionNames, refuseUnknownOptions } from '../../base/options.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import type { CallSite } from '../../engine/call-site.ts'
import type { Database } from '../../store/database.ts'
import { findAnswer, keepAnswer, pruneAnswers } from '../../store/spending/answers.ts'
import { buildPrompt } from '../reading/prompt.ts'
import type { Answer, Question, Solver } from '../solver.ts'

/** How a question may be answered from what was answered before. A bare duration stands for `keep`. */
export interface CacheOptions {
  /** How old an answer may be, and how long this one is kept. */
  keep: Duration
  /** Whose answers may be used: runs of the same workflow (default), or of the whole project. */
  across?: 'workflow' | 'project' | undefined
  /** Answers are shared only under the same text here: a customer's id, a revision of the instructions. */
  apart?: string | undefined
}

const cacheOptions = optionNames<CacheOptions>({ keep: true, across: true, apart: true })

type AcceptedAnswer = Extract<Answer, { kind: 'text' | 'value' }>

/** Where an answer that was given again comes from. */
export interface CacheOrigin {
  /** The id of the run that paid for it. */
  run: string
  /** When it was given (ms). */
  at: number
  /** What it did cost then. */
  costUsd: number
}

/**
 * Answers by solver and question. Neither method may throw: without the cache a question is asked as ever.
 * Only answers that were read and that fit their schema are handed to `keep`.
 */
export interface AnswerCache {
  find(
    solver: Solver,
    question: Question,
  ): Promise<{ answer: AcceptedAnswer; origin: CacheOrigin } | undefined>
  keep(solver: Solver, question: Question, answer: AcceptedAnswer, costUsd: number): Promise<void>
}

/** The most answers that a project keeps, and the longest, in characters of JSON. */
const mostAnswers = 10_000
const longestAnswer = 32 * 1024
/** The share of writes that also tidy up. */
const tidyChance = 1 / 32

/** @throws `bad-duration` `bad-cache` */
export function resolveCache(options: Duration | CacheOptions): Required<CacheOptions> & { keepMs: number } {
  const given = typeof options === 'object' ? options : { keep: options }
  checkOptions(given, '`cache`', { apart: 'text' }, 'bad-cache')
  refuseUnknownOptions(given, '`cache`', cacheOptions, 'bad-cache')
  const { keep, across = 'workflow', apart = '' } = given
  if (across !== 'workflow' && across !== 'project')
    throw new ReeveError(
      'bad-cache',
      `cache.across is ${describeValue(across)}. Answers are shared across the "workflow" or the "project".`,
    )
  return { keep, across, apart, keepMs: toMs(keep, '`keep` of `cache`') }
}

/**
 * The cache as one question of one run sees it. The key holds the solver's identity, the whole prompt, the schema and
 * the bounds within which answers may be shared; a solver without an identity, and a conversation, is never looked up.
 */
export function answerCacheFor(
  database: Database,
  site: CallSite,
  options: Duration | CacheOptions,
): AnswerCache {
  const { across, apart, keepMs } = resolveCache(options)
  const { run, services, workflow } = site
  const bounds = { workflow: across === 'workflow' ? workflow.name : null, apart }

  async function guarded<T>(what: string, act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act()
    } catch (error) {
      services.log.warn(`the cache of answers ${what}`, { run: run.id, error: messageOf(error) })
      return undefined
    }
  }

  return {
    async find(solver, question) {
      const key = keyOf(solver, question, bounds)
      if (key === undefined) return undefined
      return guarded('could not be read', async () => {
        const now = services.clock.now()
        const row = await findAnswer(database, key, { now, after: now - keepMs })
        if (!row) return undefined
        const origin = { run: row.run_id, at: row.kept_at, costUsd: fromNanoUsd(row.cost_nanousd) }
        return { answer: JSON.parse(row.answer) as AcceptedAnswer, origin }
      })
    },
    async keep(solver, question, answer, costUsd) {
      const key = keyOf(solver, question, bounds)
      if (key === undefined) return
      const { usage: _paid, ...rest } = answer
      const text = JSON.stringify(rest)
      if (text.length > longestAnswer) return
      await guarded('could not be written', () =>
        database.transaction(async (session) => {
          const now = services.clock.now()
          await keepAnswer(session, {
            key,
            run: run.no,
            run_id: run.id,
            answer: text,
            cost_nanousd: toNanoUsd(costUsd),
            kept_at: now,
            expires_at: now + keepMs,
          })
          if (services.random() < tidyChance) await tidyAnswers(session, now)
        }),
      )
    },
  }
}

/** Drops what has expired and what is too much, a slice of it. */
export function tidyAnswers(
  session: Parameters<typeof pruneAnswers>[0],
  now: number,
  slice = 500,
): Promise<number> {
  return pruneAnswers(session, now, mostAnswers, slice)
}

function keyOf(solver: Solver, question: Question, bounds: { workflow: string | null; apart: string }) {
  if (solver.identity === undefined || question.task === 'converse') return undefined
  const { system, messages } = buildPrompt(question)
  return sha256(
    canonical({ bounds, solver: solver.identity, system, messages, schema: question.schema ?? null }),
  )
}
