import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Loopback TCP between a client and a server, with faults to order. */
export interface TcpProxy {
  /** The server's URL, led through the proxy. */
  readonly url: string
  /** How many connections go through it now. */
  readonly connections: number
  /** Ends every connection, at once. */
  cut(): void
  /**
   * Ends a connection when the server's answer to a statement with these words comes, without passing the answer on:
   * the server has done what it was asked, and the client will never hear of it.
   */
  loseAnswerTo(words: string): void
  /** Ends a connection when a statement with these words comes, without passing it on. */
  loseQuestion(words: string): void
  /** How many of those faults have struck. */
  readonly struck: number
  close(): Promise<void>
}

export async function tcpProxy(serverUrl: string): Promise<TcpProxy> {
  const target = new URL(serverUrl)
  const pairs = new Set<{ client: Socket; server: Socket }>()
  let faults: { words: string; lose: 'answer' | 'question' }[] = []
  let struck = 0
  const listener = createServer((client) => {
    const server = connect(Number(target.port), target.hostname)
    const pair = { client, server }
    pairs.add(pair)
    let silent = false
    const end = () => {
      pairs.delete(pair)
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', end)
    }
    client.on('data', (chunk) => {
      const fault = faults.find(({ words }) => chunk.includes(words))
      if (fault) {
        faults = faults.filter((other) => other !== fault)
        struck++
        if (fault.lose === 'question') return end()
        silent = true
      }
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (silent) end()
      else client.write(chunk)
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
    for (const { client, server } of [...pairs]) {
      client.destroy()
      server.destroy()
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
    loseAnswerTo: (words) => faults.push({ words, lose: 'answer' }),
    loseQuestion: (words) => faults.push({ words, lose: 'question' }),
    async close() {
      cut()
      listener.close()
      await once(listener, 'close')
    },
  }
}
