import { findPackages } from '../../base/optional-package.ts'
import { moduleUrl } from '../../base/package-files.ts'
import type { DocumentFormat, DocumentReader, ReadDocument } from '../../memory/ingest/document-reader.ts'
import { ReaderProcess } from '../process/reader-process.ts'

/** What the process is asked. */
export interface DocumentRequest {
  path: string
  format: DocumentFormat
}

const packages: Readonly<Record<DocumentFormat, string[]>> = {
  html: ['htmlparser2'],
  pdf: ['unpdf'],
  csv: [],
  mail: ['postal-mime', 'htmlparser2'],
}
const uses: Readonly<Record<DocumentFormat, string>> = {
  html: 'HTML files',
  pdf: 'PDF files',
  csv: 'Tables',
  mail: 'Mails',
}

/** Reads files in a process that is started with the first one, and ended with those that take too long. */
export class DocumentProcess implements DocumentReader {
  #reader: ReaderProcess<DocumentRequest, ReadDocument> | undefined
  #isClosed = false

  /** @throws `missing-package` `not-read` */
  async read(path: string, format: DocumentFormat): Promise<ReadDocument> {
    findPackages(packages[format], uses[format])
    if (!this.#reader && !this.#isClosed)
      this.#reader = new ReaderProcess({
        what: 'document',
        module: moduleUrl('tools/documents/document-reader'),
        timeout: '10s',
        memoryBytes: 512 * 1_048_576,
      })
    return this.#reader!.read({ path, format })
  }

  close(): void {
    this.#isClosed = true
    this.#reader?.close()
  }
}
