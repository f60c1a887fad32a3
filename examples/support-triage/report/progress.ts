/** Shows how far the triage is: a line that moves on a terminal, a line now and then elsewhere, none for programs. */
export class Progress {
  readonly #quiet: boolean
  readonly #live = process.stderr.isTTY === true
  #started = 0
  #known = 0
  #ended = 0
  #waiting = 0
  #shownAt = 0
  #changed: () => void = () => {}

  constructor(quiet: boolean) {
    this.#quiet = quiet
  }

  begin(text: string): void {
    this.#line(`${text}\n`)
  }

  note(text: string): void {
    // It names ids and files that strangers gave: nothing of them moves the cursor or hides.
    this.#line(`  note: ${text.replace(/[\p{Cc}\p{Cf}]/gu, '')}\n`)
  }

  started(isNew: boolean): void {
    if (isNew) this.#started++
    else this.#known++
    this.#show()
  }

  settled(status: string): void {
    if (status === 'waiting') this.#waiting++
    else this.#ended++
    this.#changed()
    this.#show()
  }

  /** Resolves when `isQuiet` says so; asked again whenever something settles. */
  async untilSettled(isQuiet: () => Promise<boolean>): Promise<void> {
    await this.until(isQuiet)
    this.#show(true)
  }

  /** Resolves when `holds` says so; asked at once and whenever something settles. */
  async until(holds: () => Promise<boolean> | boolean): Promise<void> {
    while (!(await holds())) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve
        setTimeout(resolve, 100)
      })
    }
  }

  close(): void {
    if (this.#live && !this.#quiet) process.stderr.write('\n')
  }

  #show(now = false): void {
    const at = performance.now()
    if (this.#quiet || (!now && at - this.#shownAt < (this.#live ? 80 : 2000))) return
    this.#shownAt = at
    const before = this.#known > 0 ? `, ${this.#known} seen before` : ''
    const text = `  ${this.#started} started, ${this.#ended} done, ${this.#waiting} waiting for a person${before}`
    process.stderr.write(this.#live ? `\r\u001b[K${text}` : `${text}\n`)
  }

  #line(text: string): void {
    if (!this.#quiet) process.stderr.write(this.#live ? `\r\u001b[K${text}` : text)
  }
}
