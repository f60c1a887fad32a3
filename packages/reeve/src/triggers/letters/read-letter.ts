import { findPackages } from '../../base/optional-package.ts'
import { moduleUrl } from '../../base/package-files.ts'
import { ReaderProcess } from '../../tools/process/reader-process.ts'
import type { Letter } from './letter.ts'

/** Reads letters, in a process that is started with the first one. */
export class LetterReader {
  #reader: ReaderProcess<{ raw: string; isPartial: boolean }, Letter> | undefined
  #isClosed = false

  /**
   * @param isPartial it is the beginning of a larger one
   * @throws `missing-package` `not-read` `input-too-large`
   */
  async read(raw: Buffer, isPartial = false): Promise<Letter> {
    if (!this.#reader && !this.#isClosed) {
      findPackages(['postal-mime', 'html-to-text', 'htmlparser2'], 'Letters')
      this.#reader = new ReaderProcess({
        what: 'letter',
        module: moduleUrl('triggers/letters/letter-reader'),
        timeout: '10s',
      })
    }
    return this.#reader!.read({ raw: raw.toString('base64'), isPartial }, raw.length)
  }

  close(): void {
    this.#isClosed = true
    this.#reader?.close()
  }
}
