import { canonical, type Json } from '../../../src/base/json/json.ts'
import { seeded } from '../../crash/campaign.ts'

/** What a provider says, in no protocol yet. `cut`: the limit on its length ended it. */
export interface Reply {
  text?: string
  calls?: { tool: string; args: string }[]
  cut?: boolean
}

/** What a provider does with one request. */
export type Behaviour =
  | { do: 'reply'; reply: Reply; withUsage: boolean }
  /** The reply breaks off after this part (0 to 1) of its bytes; how tells whether its length was said before. */
  | { do: 'break'; reply: Reply; part: number; how: 'said-whole' | 'said-cut' | 'unsaid' }
  | { do: 'refuse'; status: number; retryAfter: string | undefined }
  | { do: 'garbage'; body: string }
  /** Nothing comes any more, after the head of the reply or before it. */
  | { do: 'hang'; afterHead: boolean }

/** What one run asks of the double, and what the double will do: all of it follows from the seed. */
export class Script {
  /** Values of the answers that were given whole, as canonical JSON. */
  readonly answers = new Set<string>()
  /** Calls of tools that were given whole. */
  readonly calls = new Set<string>()
  /** Calls that the tools received. */
  readonly made: string[] = []
  /** What the double would put on the bill (billionths of a dollar). */
  billedNanousd = 0
  requests = 0
  readonly #random: () => number
  readonly #storm: number

  constructor(seed: number) {
    this.#random = seeded(`model faults ${seed}`)
    this.#storm = this.#random() < 0.15 ? 1 + this.#whole(8) : 0
  }

  /** `hasTools`: tools were offered with the request. */
  next(hasTools: boolean): Behaviour {
    this.requests++
    const random = this.#random
    if (this.requests <= this.#storm) return this.#refusal(429)
    const reply = this.#reply(hasTools)
    const fate = random()
    if (fate < 0.5) {
      this.#given(reply)
      return { do: 'reply', reply, withUsage: random() < 0.9 }
    }
    if (fate < 0.7) {
      const how = (['said-whole', 'said-cut', 'unsaid'] as const)[this.#whole(3)]!
      return { do: 'break', reply, part: random(), how }
    }
    if (fate < 0.88)
      return this.#refusal([429, 500, 502, 503, 504, 529, 408, 409, 400, 401][this.#whole(10)]!)
    if (fate < 0.96) {
      const bodies = ['', '<html>bad gateway</html>', '{}', 'null', '[]', '{"error":', '{"output":[{}]}']
      return { do: 'garbage', body: bodies[this.#whole(bodies.length)]! }
    }
    return { do: 'hang', afterHead: random() < 0.5 }
  }

  /** A reply whose bytes all arrived after all. */
  #given({ text, calls = [], cut }: Reply): void {
    if (cut) return
    for (const { tool, args } of calls)
      if (isJson(args)) this.calls.add(`${tool} ${canonical(JSON.parse(args))}`)
    const whole = text?.match(/\{"total":\d+,"unit":"[a-z]+"/)?.[0]
    if (whole) this.answers.add(canonical(JSON.parse(`${whole}}`)))
  }

  #reply(hasTools: boolean): Reply {
    const random = this.#random
    if (hasTools && random() < 0.5) return this.#toolCalls()
    const object = `{"total":${this.#number()},"unit":"${['euro', 'dollar'][this.#whole(2)]}"`
    const kind = this.#whole(12)
    if (kind < 5) return { text: `${object}}` }
    if (kind === 5) return { text: `Here it is:\n\`\`\`json\n${object},}\n\`\`\` as asked` }
    if (kind === 6) return { text: object }
    if (kind === 7) return { text: `{"total":"${this.#number()}","unit":7}` }
    if (kind === 8) return { text: 'I would rather not say.' }
    if (kind === 9) return { text: '' }
    if (kind === 10) return { text: object.slice(0, 1 + this.#whole(object.length)), cut: true }
    return {
      text: random() < 0.15 ? `${object},"note":"${'x'.repeat(10_000_000)}"}` : `${object}} {"total":1}`,
    }
  }

  #toolCalls(): Reply {
    const calls = Array.from({ length: 1 + this.#whole(3) }, () => this.#toolCall())
    if (this.#random() < 0.8) return { calls }
    const last = calls.at(-1)!
    last.args = last.args.slice(0, this.#whole(last.args.length + 1))
    return { calls, cut: true }
  }

  #toolCall(): { tool: string; args: string } {
    const args = JSON.stringify({ order: this.#number(), usd: this.#number() })
    const kind = this.#whole(10)
    if (kind < 6) return { tool: kind < 3 ? 'pay' : 'find', args }
    if (kind === 6) return { tool: ['drop', '', 'pay.all', '__proto__'][this.#whole(4)]!, args }
    if (kind === 7) return { tool: 'pay', args: args.slice(0, this.#whole(args.length)) }
    if (kind === 8) return { tool: 'pay', args: JSON.stringify({ order: `${this.#number()}`, usd: null }) }
    return { tool: 'find', args: ['', 'null', '[]', '"7"', '{}'][this.#whole(5)]! }
  }

  #refusal(status: number): Behaviour {
    const waits = [undefined, '0', '1', '120', 'soon']
    return { do: 'refuse', status, retryAfter: waits[this.#whole(waits.length)] }
  }

  #number(): number {
    return 100_000 + this.#whole(900_000)
  }

  #whole(below: number): number {
    return Math.floor(this.#random() * below)
  }
}

export function callKey(tool: string, args: Json): string {
  return `${tool} ${canonical(args)}`
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
