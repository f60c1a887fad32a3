import pc from 'picocolors'
import type { ReeveError } from '../../base/errors.ts'
import { fileErrorOf } from '../../base/files/file-error.ts'
import { schemaVersion } from '../../base/json/schema-version.ts'
import { withoutSecretShapes } from '../../base/secrets/secret-shapes.ts'
import { Secrets } from '../../base/secrets/secrets.ts'
import { visibleJson, visibleText } from '../../base/text/visible-text.ts'

export type Colors = ReturnType<typeof pc.createColors>

/**
 * Where a command prints. People get lines on stdout; programs (`--json`) get JSON there and nothing else. Troubles and
 * progress remarks go to stderr. Colours only where stdout is a terminal that wants them (NO_COLOR is respected).
 */
export class Terminal {
  readonly json: boolean
  readonly colors: Colors
  readonly #secrets: Secrets
  readonly #closed = new AbortController()
  #unwritten: ReeveError | undefined

  /** `secrets`: what is not printed. */
  constructor(json: boolean, secrets = new Secrets()) {
    this.json = json
    this.#secrets = secrets
    this.colors = pc.createColors(process.stdout.isTTY === true && process.stdout.hasColors())
    for (const stream of [process.stdout, process.stderr])
      stream.on('error', (error) => {
        this.#unwritten ??= stream === process.stdout ? fileErrorOf(error) : undefined
        this.#closed.abort()
      })
  }

  /** Set when the output could not be written, as on a full disk. Not when nobody reads it any more: that is what `head` does. */
  get unwritten(): ReeveError | undefined {
    return this.#unwritten
  }

  /** Aborted when nobody reads any more: `reeve runs | head`. */
  get closed(): AbortSignal {
    return this.#closed.signal
  }

  /** A line for people. The caller has made foreign text safe: colours pass. */
  line(text = ''): void {
    if (!this.json) this.#write(process.stdout, `${text}\n`)
  }

  /** The answer for programs, with the version of its shape: docs/json.md. */
  value(value: object): void {
    if (this.json) this.#write(process.stdout, `${visibleJson({ schemaVersion, ...value }, 2)}\n`)
  }

  /** One of many answers for programs, on a line of its own. */
  valueLine(value: object): void {
    if (this.json) this.#write(process.stdout, `${visibleJson({ schemaVersion, ...value })}\n`)
  }

  /** A remark beside the result. */
  remark(text: string): void {
    this.#write(process.stderr, `${visibleText(withoutSecretShapes(text))}\n`)
  }

  /** Without secrets: for whoever draws on the terminal itself. */
  clean(text: string): string {
    return this.#secrets.redact(text)
  }

  #write(stream: NodeJS.WriteStream, text: string): void {
    if (!this.#closed.signal.aborted) stream.write(this.#secrets.redact(text))
  }

  /** Resolves when everything is handed over, so that an exit cuts nothing off. */
  async flushed(): Promise<void> {
    // A file that takes nothing says so in the next turn.
    await new Promise((resolve) => setImmediate(resolve))
    for (const stream of [process.stdout, process.stderr]) {
      if (stream.writableLength === 0 || this.#closed.signal.aborted) continue
      await new Promise<void>((resolve) => {
        this.#closed.signal.addEventListener('abort', () => resolve(), { once: true })
        stream.write('', () => resolve())
      })
    }
  }
}
