import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

const protocolVersion = 196608
/** What a pooler lets a client set when it connects. */
const knownSettings = ['user', 'database', 'application_name', 'client_encoding']

/**
 * A pooler in transaction mode, as far as a client can tell: it speaks the start of the protocol itself, lends a server
 * connection for one transaction at a time, forgets notifications, and lets go of whatever a session had set up.
 */
export interface TransactionPooler {
  readonly url: string
  close(): Promise<void>
}

export async function transactionPooler(serverUrl: string, size = 3): Promise<TransactionPooler> {
  const target = new URL(serverUrl)
  const idle: Backend[] = []
  const waiting: ((backend: Backend) => void)[] = []
  const give = (backend: Backend) => {
    const next = waiting.shift()
    if (next) next(backend)
    else idle.push(backend)
  }
  const backends = await Promise.all(Array.from({ length: size }, () => openBackend(target, give)))
  // The longest idle one goes first, so that a session that counts on its connection is soon disappointed.
  const lend = (): Promise<Backend> => {
    const backend = idle.shift()
    return backend ? Promise.resolve(backend) : new Promise((resolve) => waiting.push(resolve))
  }
  for (const backend of backends) give(backend)

  const clients = new Set<Socket>()
  const listener = createServer((socket) => {
    clients.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => clients.delete(socket))
    serve(socket, lend)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.')
  const url = new URL(serverUrl)
  url.port = String(address.port)
  return {
    url: url.href,
    async close() {
      for (const socket of clients) socket.destroy()
      for (const { socket } of backends) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}

interface Backend {
  socket: Socket
  client: Socket | undefined
  /** ReadyForQuery messages still to come before the client has all its answers. */
  owed: number
}

function serve(client: Socket, lend: () => Promise<Backend>): void {
  let started = false
  let backend: Promise<Backend> | undefined
  const read = messageReader((message) => {
    const type = String.fromCharCode(message[0]!)
    if (type === 'X') return client.end()
    backend = backend && !released(backend) ? backend : lease(client, lend)
    const lent = backend
    void lent.then((one) => {
      // A simple query, and the sync after an extended one, are each answered by one ReadyForQuery.
      if (type === 'Q' || type === 'S') one.owed++
      one.socket.write(message)
    })
  })
  client.on('data', (chunk) => {
    if (started) return read(chunk)
    started = true
    const refused = unknownSetting(chunk)
    if (refused) client.end(errorMessage(`unsupported startup parameter: ${refused}`))
    else
      client.write(
        Buffer.concat([message('R', int32(0)), message('K', int32(1), int32(2)), message('Z', 'I')]),
      )
  })
}

/** Those whose transaction has ended. */
const releasedLeases = new WeakSet<Promise<Backend>>()
const released = (lease: Promise<Backend>) => releasedLeases.has(lease)

function lease(client: Socket, lend: () => Promise<Backend>): Promise<Backend> {
  const promise: Promise<Backend> = lend().then((backend) => {
    backend.client = client
    leases.set(backend, promise)
    return backend
  })
  return promise
}

const leases = new WeakMap<Backend, Promise<Backend>>()

async function openBackend(target: URL, give: (backend: Backend) => void): Promise<Backend> {
  const socket = connect(Number(target.port), target.hostname)
  socket.setNoDelay(true)
  const backend: Backend = { socket, client: undefined, owed: 0 }
  const ready = Promise.withResolvers<void>()
  let started = false
  socket.on('error', () => {})
  socket.on(
    'data',
    messageReader((answer) => {
      const type = String.fromCharCode(answer[0]!)
      if (!started) {
        if (type !== 'Z') return
        started = true
        ready.resolve()
        return
      }
      if (type === 'A') return
      backend.client?.write(answer)
      if (type !== 'Z' || --backend.owed > 0 || answer[5] !== 'I'.charCodeAt(0)) return
      backend.client = undefined
      releasedLeases.add(leases.get(backend)!)
      give(backend)
    }),
  )
  const database = target.pathname.slice(1)
  const settings = ['user', target.username, 'database', database].map((text) => Buffer.from(`${text}\0`))
  const body = Buffer.concat([int32(protocolVersion), ...settings, Buffer.from('\0')])
  socket.write(Buffer.concat([int32(body.length + 4), body]))
  await ready.promise
  return backend
}

/** Cuts a stream into the protocol's messages: a letter, a length, the rest. */
function messageReader(each: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 5) {
      const length = rest.readInt32BE(1) + 1
      if (rest.length < length) return
      const whole = Buffer.from(rest.subarray(0, length))
      rest = rest.subarray(length)
      each(whole)
    }
  }
}

function unknownSetting(startup: Buffer): string | undefined {
  const words = startup.subarray(8).toString().split('\0')
  return words.find((word, index) => index % 2 === 0 && word !== '' && !knownSettings.includes(word))
}

function errorMessage(text: string): Buffer {
  return message('E', `SFATAL\0C08P01\0M${text}\0\0`)
}

function message(type: string, ...parts: (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
