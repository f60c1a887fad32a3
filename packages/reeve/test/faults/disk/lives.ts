import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '../../../src/base/time/time.ts'
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts'
import { checkInvariants, type Violation } from '../../crash/checker.ts'
import { readFacts } from '../../crash/facts.ts'
import { childEnvironment, type OracleProcess, startOracle } from '../../crash/oracle-process.ts'
import { closeTrial } from '../../crash/outside.ts'
import { drawnShape } from './drawn-shape.ts'
import type { DiskLife, DiskTally } from './life.ts'

/** How a life is started: plainly, traced, or with a shim. */
export interface Wrapping {
  /** The command that the process is started through; empty for none. */
  command: string[]
  environment: NodeJS.ProcessEnv
}

export const plainly: Wrapping = { command: [], environment: {} }

export interface LifeEnd {
  /** Undefined when it was killed. */
  code: number | undefined
  complained: string
  tally: DiskTally | undefined
}

/** A life that is under way. */
export interface Living {
  process: ChildProcess
  /** Resolves when it drives runs, or has ended before. */
  ready: Promise<void>
  ended: Promise<LifeEnd>
}

const boundMs = 60_000

/** Several lives on one database, with the oracle of all trials beside them. */
export class DiskTrial {
  readonly folder: string
  /** Where the database is. */
  readonly file: string
  readonly #seed: number
  readonly #port: number
  readonly #trial: string
  readonly #originMs = Date.now()
  #lives = 0

  constructor(options: { folder: string; disk: string; trial: string; seed: number; port: number }) {
    this.folder = join(options.folder, options.trial)
    this.file = join(options.disk, 'reeve.db')
    this.#seed = options.seed
    this.#port = options.port
    this.#trial = options.trial
    mkdirSync(this.folder, { recursive: true })
  }

  live({ command, environment }: Wrapping = plainly): Living {
    const life: DiskLife = {
      file: this.file,
      trial: this.#trial,
      seed: this.#seed,
      port: this.#port,
      life: ++this.#lives,
      originMs: this.#originMs,
      boundMs,
    }
    const driver = [process.execPath, join(import.meta.dirname, 'driver.ts'), JSON.stringify(life)]
    const [program, ...parameters] = [...command, ...driver]
    const child = spawn(program!, parameters, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...childEnvironment(dirname(this.folder)), ...environment },
    })
    const { promise: ready, resolve: isReady } = Promise.withResolvers<void>()
    let said = ''
    let complained = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.startsWith('ready')) isReady()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complained += text
    })
    const hung = setTimeout(() => child.kill('SIGKILL'), boundMs * 2)
    const ended = new Promise<LifeEnd>((resolve) => {
      child.on('close', (code) => {
        clearTimeout(hung)
        isReady()
        const last = said.trim().split('\n')[1]
        const tally = last === undefined ? undefined : (JSON.parse(last) as DiskTally)
        resolve({ code: code ?? undefined, complained: complained.trim(), tally })
      })
    })
    return { process: child, ready, ended }
  }

  /** Checks what all lives together left. */
  async check(): Promise<Violation[]> {
    await closeTrial(this.#port, this.#trial)
    if (!existsSync(this.file)) return [{ invariant: 'I1', what: 'there is no database' }]
    const database = openSqlite({ file: this.file, clock: systemClock })
    try {
      return await checkInvariants(drawnShape(this.#seed), database, await readFacts(database, this.folder))
    } finally {
      await database.close()
    }
  }
}

/** The oracle that all trials of a fault share: started with the first. */
export class SharedOracle {
  #starting: Promise<OracleProcess> | undefined

  async port(folder: string): Promise<number> {
    this.#starting ??= startOracle(folder)
    return (await this.#starting).port
  }

  async close(): Promise<void> {
    const starting = this.#starting
    this.#starting = undefined
    await (await starting)?.stop()
  }
}
