import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'

/** Any JSON. */
const json = z.custom<Json>(() => true)

const exchangeSchema = z.object({
  /** `keys`: which keys of effects it had, by their numbers. */
  request: z.object({ method: z.string(), path: z.string(), body: json, keys: z.array(z.number().int()) }),
  answer: z.object({
    status: z.number().int(),
    headers: z.record(z.string(), z.string()),
    /** JSON as it is, a text as a text; bytes that are none in base64. */
    body: z.union([
      z.object({ json: json }),
      z.object({ text: z.string() }),
      z.object({ base64: z.string() }),
    ]),
  }),
})

const fileSchema = z.object({
  connector: z.string(),
  vendorApi: z.string(),
  exchanges: z.array(exchangeSchema),
})

/** One request, and what was answered. */
export type Exchange = z.output<typeof exchangeSchema>
type AskedFor = Omit<Exchange['request'], 'keys'>

const numbered = /\[key (\d{1,6})\]/g

/** The calls of one connector, as a file has them. */
export class Recording {
  readonly #file: string
  readonly #about: { connector: string; vendorApi: string }
  readonly #exchanges: Exchange[]
  readonly #used = new Set<Exchange>()
  /** While it is recorded: keys by their numbers. While it is replayed: those of this run. */
  readonly #keys: string[] = []

  private constructor(file: string, about: Recording['about'], exchanges: Exchange[]) {
    this.#file = file
    this.#about = about
    this.#exchanges = exchanges
  }

  get about(): { connector: string; vendorApi: string } {
    return this.#about
  }

  static begin(file: string, about: Recording['about']): Recording {
    const recording = new Recording(file, about, [])
    recording.#save()
    return recording
  }

  /** @throws `bad-recorded-calls` */
  static read(file: string, about: Recording['about']): Recording {
    const { connector, vendorApi, exchanges } = readFile(file)
    if (connector === about.connector && vendorApi === about.vendorApi)
      return new Recording(file, about, exchanges)
    throw new ReeveError(
      'bad-recorded-calls',
      `${file} has calls of ${connector} (${vendorApi}), and they are made with ${about.connector} (${about.vendorApi}). Record them again: recordedCalls(…, { from: { credential } }).`,
    )
  }

  /** A key's number; it has one from the first request that it comes with. */
  numberOf(key: string): number {
    const known = this.#keys.indexOf(key)
    return known < 0 ? this.#keys.push(key) - 1 : known
  }

  /** What stands in an answer in the place of a key. */
  markOf(key: string): string {
    return `[key ${this.numberOf(key)}]`
  }

  /** The text of an answer, with the keys of this run. */
  withKeys(text: string, { request }: Exchange, keys: readonly string[]): string {
    for (const [place, number] of request.keys.entries()) this.#keys[number] = keys[place] ?? ''
    return text.replaceAll(numbered, (mark, number) => this.#keys[Number(number)] ?? mark)
  }

  add(exchange: Exchange): void {
    this.#exchanges.push(exchange)
    this.#save()
  }

  /** The next one of this request that was not given yet; a read that was given before is given again. */
  take(asked: AskedFor): Exchange | undefined {
    const same = this.#exchanges.filter(({ request }) => isSame(request, asked))
    const found =
      same.find((each) => !this.#used.has(each)) ?? (asked.method === 'GET' ? same.at(-1) : undefined)
    if (found) this.#used.add(found)
    return found
  }

  #save(): void {
    mkdirSync(dirname(this.#file), { recursive: true })
    const all = { ...this.#about, exchanges: this.#exchanges }
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(all, null, 2)}\n`)
    renameSync(`${this.#file}.new`, this.#file)
  }
}

function readFile(file: string): z.output<typeof fileSchema> {
  const how = 'Record the calls first: recordedCalls(…, { from: { credential } }).'
  if (!existsSync(file)) throw new ReeveError('bad-recorded-calls', `There is no recording ${file}. ${how}`)
  let json: unknown
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new ReeveError('bad-recorded-calls', `${file} is not JSON. ${how}`, { cause })
  }
  const read = fileSchema.safeParse(json)
  if (read.success) return read.data
  throw new ReeveError(
    'bad-recorded-calls',
    `${file} is not a recording: ${z.prettifyError(read.error)}. ${how}`,
  )
}

function isSame(one: AskedFor, other: AskedFor): boolean {
  return one.method === other.method && one.path === other.path && textOf(one.body) === textOf(other.body)
}

function textOf(body: Json): string {
  return JSON.stringify(body)
}
