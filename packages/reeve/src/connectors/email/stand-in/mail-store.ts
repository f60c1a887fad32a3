/** A letter as it lies in a folder. */
export interface StoredLetter {
  readonly uid: number
  readonly raw: Buffer
  /** When it arrived (ms). */
  readonly at: number
  readonly flags: Set<string>
}

/** A folder as it is kept in a file. */
export interface KeptFolder {
  uidValidity: number
  uidNext: number
  letters: { uid: number; at: number; flags: string[]; raw: string }[]
}

/** A folder of a mailbox. UIDs only grow, until `renumber` makes all of them worthless. */
export class MailFolder {
  readonly name: string
  readonly specialUse: string | undefined
  readonly #onChange: () => void
  #letters: StoredLetter[] = []
  #uidValidity = 1
  #uidNext = 1

  constructor(name: string, specialUse: string | undefined, onChange: () => void) {
    this.name = name
    this.specialUse = specialUse
    this.#onChange = onChange
  }

  get letters(): readonly StoredLetter[] {
    return this.#letters
  }

  get uidValidity(): number {
    return this.#uidValidity
  }

  get uidNext(): number {
    return this.#uidNext
  }

  add(raw: Buffer, options: { at: number; flags?: Iterable<string> }): StoredLetter {
    const letter = { uid: this.#uidNext++, raw, at: options.at, flags: new Set(options.flags) }
    this.#letters.push(letter)
    this.#onChange()
    return letter
  }

  remove(gone: ReadonlySet<number>): void {
    this.#letters = this.#letters.filter(({ uid }) => !gone.has(uid))
    this.#onChange()
  }

  /** Flags of its letters are others now. */
  flagged(): void {
    this.#onChange()
  }

  /** What a server does that was restored from a backup: the letters stay, and have other UIDs. */
  renumber(): void {
    this.#uidValidity += 1
    this.#uidNext = 1
    this.#letters = this.#letters.map((letter) => ({ ...letter, uid: this.#uidNext++ }))
    this.#onChange()
  }

  /** As plain JSON. */
  kept(): KeptFolder {
    const letters = this.#letters.map(({ uid, raw, at, flags }) => ({
      uid,
      at,
      flags: [...flags],
      raw: raw.toString('base64'),
    }))
    return { uidValidity: this.#uidValidity, uidNext: this.#uidNext, letters }
  }

  restore({ uidValidity, uidNext, letters }: KeptFolder): void {
    this.#uidValidity = uidValidity
    this.#uidNext = uidNext
    this.#letters = letters.map(({ uid, at, flags, raw }) => ({
      uid,
      at,
      flags: new Set(flags),
      raw: Buffer.from(raw, 'base64'),
    }))
  }
}

/** The mailbox of one account. */
export class MailStore {
  readonly #folders = new Map<string, MailFolder>()
  readonly #listeners = new Set<() => void>()
  /** Called before anybody hears of a change, so that it can be kept. */
  onChange = () => {}

  constructor() {
    const special = { INBOX: undefined, Sent: '\\Sent', Drafts: '\\Drafts', Archive: '\\Archive' }
    for (const [name, use] of Object.entries(special)) this.add(name, use)
  }

  add(name: string, specialUse?: string): MailFolder {
    const folder = new MailFolder(name, specialUse, () => {
      this.onChange()
      for (const listener of this.#listeners) listener()
    })
    this.#folders.set(name, folder)
    return folder
  }

  get folders(): readonly MailFolder[] {
    return [...this.#folders.values()]
  }

  /** INBOX is written in any case of letters. */
  find(name: string): MailFolder | undefined {
    return this.#folders.get(/^inbox$/i.test(name) ? 'INBOX' : name)
  }

  get inbox(): MailFolder {
    return this.#folders.get('INBOX')!
  }

  get sent(): MailFolder {
    return this.#folders.get('Sent')!
  }

  get drafts(): MailFolder {
    return this.#folders.get('Drafts')!
  }

  get listening(): number {
    return this.#listeners.size
  }

  /** Called when letters come or go. Gives what ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
