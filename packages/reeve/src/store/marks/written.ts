import { marksInJson } from '../../base/schema/marked.ts'
import type { Session } from '../database.ts'
import { loadMarks } from './open-kept.ts'
import type { RunMarks } from './run-marks.ts'

/** What people wrote about, as it is kept. */
export interface WrittenTo {
  run: number
  /** JSON text; null: it is not known. */
  shown: string | null
  /** JSON text of the schema that an edit or an answer must fit. */
  input_schema: string | null
}

interface Written {
  note?: string | null
  /** JSON text: an edit, or an answer. */
  answer?: string | null
}

const veil = '[marked]'

/**
 * What people wrote, for whoever may not see marked texts. They write new texts, of which nothing says that they are marked before
 * a run takes them: so where the run or the schema marks any, those texts alone are shown that what was asked shows, too.
 */
export class VeiledTexts {
  readonly #session: Session
  readonly #marks = new Map<number, RunMarks>()

  constructor(session: Session) {
    this.#session = session
  }

  /** For others it is as it was written. `about`: undefined where nothing is kept of it. */
  async shown<W extends Written>(about: WrittenTo | undefined, written: W): Promise<W> {
    const { note, answer } = written
    if (!this.#session.keepsMarks || ((note ?? null) === null && (answer ?? null) === null)) return written
    const marks = about && (await this.#marksOf(about.run))
    if (about && marks?.isEmpty && !marksText(about.input_schema)) return written
    return {
      ...written,
      ...(typeof note === 'string' && { note: marks?.isWhole ? marks.sealText(note) : veil }),
      ...(typeof answer === 'string' && { answer: veiled(answer, textsIn(about?.shown)) }),
    }
  }

  async #marksOf(run: number): Promise<RunMarks> {
    const known = this.#marks.get(run) ?? (await loadMarks(this.#session, run))
    this.#marks.set(run, known)
    return known
  }
}

function marksText(schema: string | null): boolean {
  return schema !== null && marksInJson(JSON.parse(schema))
}

function veiled(json: string, known: ReadonlySet<string>): string {
  const value: unknown = JSON.parse(json, (_key, part: unknown) =>
    typeof part === 'string' && !known.has(part) ? veil : part,
  )
  return JSON.stringify(value)
}

function textsIn(json: string | null | undefined): ReadonlySet<string> {
  const texts = new Set<string>()
  if (typeof json === 'string')
    JSON.parse(json, (_key, part: unknown) => {
      if (typeof part === 'string') texts.add(part)
      return part
    })
  return texts
}
