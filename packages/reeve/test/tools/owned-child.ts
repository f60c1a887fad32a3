// What an attacker would do who owns the sandbox's process entirely: real JavaScript, without Node's permissions.
import { execFileSync } from 'node:child_process'
import dgram from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'

const port = Number(process.argv[2])
const file = process.argv[3]!
process.stdout.write('ready\n')
await once(process.stdin, 'data')

const attempts: Record<string, () => unknown> = {
  'read a file': () => readFileSync('/etc/passwd', 'utf8'),
  'write a file': () => writeFileSync(file, 'x'),
  'read the parent': () => readFileSync(`/proc/${process.ppid}/environ`),
  'connect to loopback': () => once(connect(port, '127.0.0.1'), 'connect'),
  'ask a name server': () => lookup('example.com'),
  'send a datagram': async () => {
    const socket = dgram.createSocket('udp4')
    socket.send('x', port, '127.0.0.1')
    await once(socket, 'listening')
  },
  fetch: () => fetch(`http://127.0.0.1:${port}/`),
  'run a program': () => execFileSync('/bin/true'),
  'start a thread': () => once(new Worker('1', { eval: true }), 'exit'),
  'fill the memory': () => Buffer.alloc(512 * 1_048_576, 1).length,
  'load a module': () => import('node:sqlite').then(({ DatabaseSync }) => new DatabaseSync(file)),
  'find a secret': () => {
    if (Object.keys(process.env).length === 0) throw new Error('the environment is empty')
    return process.env
  },
  'be somebody else': () => process.setuid!(1),
}

const outcomes: Record<string, string> = {}
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt()
    outcomes[name] = 'escaped'
  } catch (error) {
    outcomes[name] = `held: ${error instanceof Error ? error.message : error}`
  }
}
writeSync(1, JSON.stringify(outcomes))
process.exit(0)
