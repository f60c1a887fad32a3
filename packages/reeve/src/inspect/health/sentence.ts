import { numberWord } from '../../base/text/number-words.ts'
import { formatMs } from '../../base/time/time.ts'
import type { OpenCounts } from '../../store/runs/run-counts.ts'
import type { WaitingCounts, WaitingItem } from '../lists/people-inbox.ts'
import type { QueueView } from '../lists/queues.ts'
import type { SilentRun } from './silent.ts'

/** The answer to "is it well?" in words, and what it is made of. */
export interface Health {
  /**
   * `well`: nothing is wrong. `attention`: something should be looked at. `trouble`: something does not go on until
   * somebody does something. `paused`: every queue is paused, by a person.
   */
  state: 'well' | 'attention' | 'trouble' | 'paused'
  /** Two sentences: how it is, and what waits. */
  sentence: string
  /** What has waited longest, and what failed since yesterday. */
  remark: string
  /** What is wrong, the gravest first. */
  problems: Problem[]
}

export interface Problem {
  what: 'no-worker' | 'silent' | 'stuck' | 'lacking-version' | 'paused-queue'
  state: 'attention' | 'trouble'
  count: number
  /** A sentence without its full stop. */
  words: string
}

export interface HealthFacts {
  /** ms since 1970. */
  now: number
  counts: WaitingCounts
  oldest: readonly WaitingItem[]
  runs: OpenCounts
  queues: readonly QueueView[]
  workers: number
  silent: readonly SilentRun[]
  failedSinceYesterday: number
}

/** Puts it into words. */
export function healthOf(facts: HealthFacts): Health {
  const { counts, queues } = facts
  const problems = problemsOf(facts)
  const isPaused = queues.length > 0 && queues.every(({ paused }) => paused)
  const state = isPaused ? 'paused' : (problems[0]?.state ?? 'well')
  const how = isPaused ? 'Everything is paused' : (problems[0]?.words ?? 'All is well')
  const waits =
    counts.total === 0
      ? 'Nothing waits for you.'
      : `${capital(counted(counts.total, 'thing', counts.isMore))} ${counts.total === 1 ? 'waits' : 'wait'} for you.`
  return { state, sentence: `${how}. ${waits}`, remark: remarkOf(facts), problems }
}

function problemsOf({ runs, queues, workers, silent, counts }: HealthFacts): Problem[] {
  const problems: Problem[] = []
  const add = (what: Problem['what'], state: Problem['state'], count: number, words: string) => {
    if (count > 0) problems.push({ what, state, count, words: capital(words) })
  }
  const moving = runs.queued + runs.running
  if (workers === 0)
    add('no-worker', 'trouble', moving, `no worker is running, and ${runsOf(moving)} could continue`)
  const alarming = silent.filter((run) => run.state === 'alarming').length
  add(
    'silent',
    'trouble',
    alarming,
    `${runsOf(alarming)} ${isOrAre(alarming)} silent for more than 15 minutes`,
  )
  add('stuck', 'trouble', counts.stuck, `${runsOf(counts.stuck)} ${isOrAre(counts.stuck)} stuck`)
  const lacking = queues.flatMap((queue) => queue.lacking).reduce((sum, { ready }) => sum + ready, 0)
  add(
    'lacking-version',
    'trouble',
    lacking,
    `no worker has the version that ${runsOf(lacking)} ${lacking === 1 ? 'needs' : 'need'}`,
  )
  const suspicious = silent.length - alarming
  add(
    'silent',
    'attention',
    suspicious,
    `${runsOf(suspicious)} ${isOrAre(suspicious)} silent for more than 5 minutes`,
  )
  const held = queues.filter(({ paused, ready }) => paused && ready > 0)
  add(
    'paused-queue',
    'attention',
    held.length,
    `${counted(held.length, 'queue')} with work ${isOrAre(held.length)} paused`,
  )
  return problems
}

function remarkOf({ now, oldest, failedSinceYesterday }: HealthFacts): string {
  const [first] = oldest
  const waits = first && Math.max(0, now - Date.parse(first.since))
  const waited =
    waits !== undefined && `The oldest has waited ${waits < 60_000 ? 'less than a minute' : formatMs(waits)}.`
  const failed =
    failedSinceYesterday === 0
      ? 'Nothing failed since yesterday.'
      : `${capital(runsOf(failedSinceYesterday))} failed since yesterday.`
  return [waited, failed].filter((sentence) => typeof sentence === 'string').join(' ')
}

function counted(count: number, noun: string, isMore = false): string {
  const digits = count.toLocaleString('en-US')
  const number = isMore ? `more than ${digits}` : count === 0 ? 'no' : (numberWord(count) ?? digits)
  return `${number} ${count === 1 ? noun : `${noun}s`}`
}

function runsOf(count: number): string {
  return counted(count, 'run')
}

function isOrAre(count: number): string {
  return count === 1 ? 'is' : 'are'
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
