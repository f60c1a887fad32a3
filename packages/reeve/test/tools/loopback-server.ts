import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

/** A real server on loopback that keeps what it received. */
export class LoopbackServer {
  readonly received: Received[] = []
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(
    answer: (request: Received, response: ServerResponse) => void,
    host = '127.0.0.1',
  ): Promise<LoopbackServer> {
    const server = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8')
      request.on('data', (chunk: string) => {
        body += chunk
      })
      request.on('end', () => {
        const { method = '', url = '', headers } = request
        const received = { method, url, headers, body }
        self.received.push(received)
        answer(received, response)
      })
    })
    const self = new LoopbackServer(server)
    await new Promise<void>((resolve) => server.listen(0, host, resolve))
    return self
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get host(): string {
    return `127.0.0.1:${this.port}`
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}
