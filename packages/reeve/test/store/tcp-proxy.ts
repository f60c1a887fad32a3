import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export type Direction = 'questions' | 'answers'

/** Loopback TCP between a client and a server, with faults to order. */
export interface TcpProxy {
  /** The server's URL, led through the proxy. */
  readonly url: string
  /** How many connections go through it now. */
  readonly connections: number
  /** Ends every connection, at once. */
  cut(): void
  /** Ends every connection, and each new one as soon as it comes, until `heal`. */
  refuse(): void
  /**
   * Keeps back what goes in these directions, closings too, until `heal`: neither side can tell it from a silent other.
   * New connections are made and are as silent.
   */
  hold(...directions: Direction[]): void
  /** Lets everything pass again. What was kept back is delivered, or (`lost`) its connections end. */
  heal(kept?: 'delivered' | 'lost'): void
  /**
   * Ends a connection when the server's answer to a statement with these words comes, without passing the answer on:
   * the server has done what it was asked, and the client will never hear of it.
   */
  loseAnswerTo(words: string, when?: Loss): void
  /** Ends a connection when a statement with these words comes, without passing it on. */
  loseQuestion(words: string, when?: Loss): void
  /** How many of those faults have struck. */
  readonly struck: number
  /** Resolves when so many more statements with these words have come. */
  seen(words: string, count: number): Promise<void>
  close(): Promise<void>
}

export interface Loss {
  /** Statements with these words that pass before. Default 0. */
  after?: number
  /** Called when it has struck. */
  onStruck?: () => void
}

interface Fault {
  words: string
  loses: 'answer' | 'question' | 'nothing'
  after: number
  onStruck: () => void
}

/** One connection: what goes either way is passed on, or waits while its direction is held. */
class Pair {
  readonly #ends: Record<Direction, { from: Socket; to: Socket; kept: Buffer[]; closed: boolean }>
  /** Called instead of passing the server's next answer on, which ends the connection. */
  loseAnswer: (() => void) | undefined

  constructor(client: Socket, server: Socket) {
    this.#ends = {
      questions: { from: client, to: server, kept: [], closed: false },
      answers: { from: server, to: client, kept: [], closed: false },
    }
  }

  pass(direction: Direction, chunk: Buffer, isHeld: boolean): void {
    const { to, kept } = this.#ends[direction]
    if (isHeld) kept.push(chunk)
    else to.write(chunk)
  }

  /** One side is gone; the other hears of it unless its direction is held. Answers whether all is over. */
  closed(direction: Direction, isHeld: boolean): boolean {
    const end = this.#ends[direction]
    end.closed = true
    if (!isHeld) end.to.destroySoon()
    return !isHeld
  }

  deliver(): void {
    for (const { to, kept, closed } of Object.values(this.#ends)) {
      for (const chunk of kept.splice(0)) to.write(chunk)
      if (closed) to.destroySoon()
    }
  }

  /** Whether something of it was kept back. */
  get keeps(): boolean {
    return Object.values(this.#ends).some(({ kept, closed }) => kept.length > 0 || closed)
  }

  end(): void {
    for (const { from } of Object.values(this.#ends)) from.destroy()
  }
}

export async function tcpProxy(serverUrl: string): Promise<TcpProxy> {
  const target = new URL(serverUrl)
  const pairs = new Set<Pair>()
  const held = new Set<Direction>()
  let refusing = false
  let faults: Fault[] = []
  let struck = 0
  /** Answers the fault that takes the statement, or its answer, away. */
  const strike = (chunk: Buffer): Fault | undefined => {
    const hits = faults.filter((one) => chunk.includes(one.words) && one.after-- === 0)
    faults = faults.filter((one) => !hits.includes(one))
    for (const { loses, onStruck } of hits) if (loses === 'nothing') onStruck()
    return hits.find(({ loses }) => loses !== 'nothing')
  }
  const add = (words: string, loses: Fault['loses'], { after = 0, onStruck = () => {} }: Loss = {}) => {
    faults.push({ words, loses, after, onStruck })
  }
  const listener = createServer((client) => {
    if (refusing) {
      client.destroy()
      return
    }
    const server = connect(Number(target.port), target.hostname)
    const pair = new Pair(client, server)
    pairs.add(pair)
    const close = (direction: Direction) => {
      if (pair.closed(direction, held.has(direction))) pairs.delete(pair)
    }
    for (const [socket, direction] of [
      [client, 'questions'],
      [server, 'answers'],
    ] as const) {
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => close(direction))
    }
    client.on('data', (chunk) => {
      const fault = strike(chunk)
      if (fault) struck++
      if (fault?.loses === 'question') {
        pair.end()
        return fault.onStruck()
      }
      if (fault) pair.loseAnswer = fault.onStruck
      pair.pass('questions', chunk, held.has('questions'))
    })
    server.on('data', (chunk) => {
      if (!pair.loseAnswer) return pair.pass('answers', chunk, held.has('answers'))
      pair.end()
      pair.loseAnswer()
    })
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.')
  const url = new URL(serverUrl)
  url.hostname = '127.0.0.1'
  url.port = String(address.port)
  const cut = () => {
    for (const pair of [...pairs]) pair.end()
  }
  const heal = (kept: 'delivered' | 'lost' = 'delivered') => {
    refusing = false
    held.clear()
    for (const pair of [...pairs]) {
      if (kept === 'lost' && pair.keeps) pair.end()
      else pair.deliver()
    }
  }
  return {
    url: url.href,
    get connections() {
      return pairs.size
    },
    get struck() {
      return struck
    },
    cut,
    refuse() {
      refusing = true
      cut()
    },
    hold(...directions) {
      for (const direction of directions) held.add(direction)
    },
    heal,
    loseAnswerTo: (words, when) => add(words, 'answer', when),
    loseQuestion: (words, when) => add(words, 'question', when),
    seen: (words, count) =>
      new Promise((onStruck) => add(words, 'nothing', { after: Math.max(0, count - 1), onStruck })),
    async close() {
      heal('lost')
      cut()
      listener.close()
      await once(listener, 'close')
    },
  }
}
