import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** A process that takes part in a bench, and reports by messages. */
export interface Member<Message> {
  readonly process: ChildProcess
  readonly messages: Message[]
  /** Resolves with the messages once `holds` of them does. @throws when the process ends before */
  until(holds: (messages: Message[]) => boolean): Promise<Message[]>
  /** Ends it and waits for its end. */
  end(signal: NodeJS.Signals): Promise<void>
}

/** Starts a program with one argument, as JSON. It ends with this process at the latest. */
export function startMember<Message>(program: string, spec: unknown): Member<Message> {
  const child = fork(program, [JSON.stringify(spec)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const messages: Message[] = []
  let check = () => {}
  let fail = (_error: Error) => {}
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const closed = once(child, 'close').then(([code, signal]) => {
    process.off('exit', kill)
    fail(new Error(`${program} ended with ${signal ?? code}`))
  })
  child.on('message', (message) => {
    messages.push(message as Message)
    check()
  })
  return {
    process: child,
    messages,
    until: (holds) =>
      new Promise((resolve, reject) => {
        fail = reject
        check = () => {
          if (holds(messages)) resolve(messages)
        }
        check()
      }),
    async end(signal) {
      child.kill(signal)
      await closed
    },
  }
}
