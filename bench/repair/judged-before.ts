import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../runner/contract.ts'
import type { RepairCase } from './case.ts'
import type { JudgedCase } from './judge-case.ts'
import { hashesIn } from './watched-files.ts'

const judging = ['../../packages/reeve/src/autonomy/repair', '../../packages/reeve/src/autonomy/scripts', '.']

/**
 * What was judged, a line of JSON for each case in a file, so that a run that was broken off goes on. A case counts as judged while neither
 * it nor what judges it was changed.
 */
export class JudgedBefore {
  readonly #file: string | undefined
  readonly #judged = new Map<string, JudgedCase>()
  readonly #code: string

  /** @throws UsageError */
  constructor(file: string | true | undefined) {
    if (file === true) throw new UsageError('--resume takes a file: --resume FILE')
    this.#file = file
    const code = judging.flatMap((folder) => [...hashesIn(join(import.meta.dirname, folder)).values()])
    this.#code = code.join(' ')
    if (file === undefined || !existsSync(file)) return
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line === '') continue
      const { key, judged } = JSON.parse(line) as { key: string; judged: JudgedCase }
      this.#judged.set(key, judged)
    }
  }

  has(each: RepairCase): boolean {
    return this.#judged.has(this.#keyOf(each))
  }

  of(each: RepairCase): JudgedCase {
    return this.#judged.get(this.#keyOf(each))!
  }

  add(each: RepairCase, judged: JudgedCase): void {
    const key = this.#keyOf(each)
    this.#judged.set(key, judged)
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify({ key, judged })}\n`)
  }

  #keyOf(each: RepairCase): string {
    // What is hostile of our own cases names a port and a folder of this run.
    const proposals = each.proposals.map((one) => (one.label === one.verdict ? one : { ...one, source: '' }))
    const text = JSON.stringify({ ...each, proposals })
    return createHash('sha256').update(this.#code).update(text).digest('hex')
  }
}
