import { findPackages } from '../../base/optional-package.ts'
import { siblingScript } from '../../base/package-files.ts'
import { ReaderProcess } from '../../tools/process/reader-process.ts'
import type { Letter } from './letter.ts'

/** Reads letters, in a process that is started with the first one. */
export class LetterReader {
  #reader: ReaderProcess<{ raw: string }, Letter> | undefined
  #isClosed = false

  /** @throws `missing-package` `not-read` `input-too-large` */
  async read(raw: Buffer): Promise<Letter> {
    if (!this.#reader && !this.#isClosed) {
      findPackages(['postal-mime', 'html-to-text', 'htmlparser2'], 'Letters')
      this.#reader = new ReaderProcess({
        what: 'letter',
        module: siblingScript(import.meta.url, 'letter-reader'),
        timeout: '10s',
      })
    }
    return this.#reader!.read({ raw: raw.toString('base64') }, raw.length)
  }

  close(): void {
    this.#isClosed = true
    this.#reader?.close()
  }
}
