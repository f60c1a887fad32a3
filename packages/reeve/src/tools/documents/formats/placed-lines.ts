import type { LinePlaces } from '../../../memory/ingest/passages.ts'

/** Lines of Markdown, each with where it stands in what it was read from. */
export class PlacedLines {
  readonly #lines: string[] = []
  readonly #of: number[] = []
  readonly #unit: LinePlaces['unit']

  constructor(unit: LinePlaces['unit']) {
    this.#unit = unit
  }

  /** Each line of `text` begins at `place`, or, with `counts`, one further than the line before it. */
  add(text: string, place: number, counts = false): void {
    for (const [index, line] of text.split('\n').entries()) {
      this.#lines.push(line)
      this.#of.push(counts ? place + index : place)
    }
  }

  /** An empty line, unless there is one. */
  gap(): void {
    if (this.#lines.length === 0 || this.#lines.at(-1) === '') return
    this.#lines.push('')
    this.#of.push(this.#of.at(-1)!)
  }

  whole(): { text: string; places: LinePlaces } {
    return { text: this.#lines.join('\n'), places: { unit: this.#unit, of: this.#of } }
  }
}
