import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { moduleUrl } from '../../base/package-files.ts'
import type { Reason } from '../reasons.ts'
import { failedPolicy } from './judge-policies.ts'
import type { PolicyCall } from './policy.ts'

/** A policy's name, which is its file's, and its file. */
export interface PolicyFile {
  /** By which denials name it. */
  name: string
  /** Its path. */
  file: string
}

/** What the thread is handed. */
export interface PolicyThreadData {
  files: readonly PolicyFile[]
  /** One number: which policy is asked now. */
  asked: Int32Array<SharedArrayBuffer>
}

/** What the thread says: it has read the files, or could not; the answer to a call. */
export type PolicyThreadReply =
  | { ready: true }
  | { problem: { code: string; message: string } }
  | { reasons: Reason[] }

const loadMs = 15_000
const answerMs = 250

/**
 * The policies of a project. Users' code that may loop: it runs in a thread of its own, one call at a time, and is ended with
 * the thread when its time is over; the event loop goes on meanwhile.
 *
 *   none → (begin) → ready ⇄ asked
 *                        ↘ ended (a policy took too long, or the thread died) → ready, with the next call
 */
export class PolicyBench {
  /** Of the files' text; changes whenever one of them does. */
  readonly hash: string
  readonly #files: readonly PolicyFile[]
  readonly #asked = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  #thread: Worker | undefined
  #line: Promise<unknown> = Promise.resolve()
  #isEnded = false

  constructor(files: readonly PolicyFile[] = []) {
    this.#files = files
    this.hash = sha256(files.map(({ name, file }) => `${name}\n${readFileSync(file, 'utf8')}`).join('\n'))
  }

  get isEmpty(): boolean {
    return this.#files.length === 0
  }

  /** Reads the files. @throws `broken-file` `bad-policy` */
  async begin(): Promise<void> {
    if (this.#files.length > 0) await this.#ready()
  }

  async end(): Promise<void> {
    this.#isEnded = true
    await this.#thread?.terminate()
  }

  /** What the policies say of a call; nothing against it: none. Never throws: what cannot be asked denies. */
  ask(call: PolicyCall): Promise<Reason[]> {
    if (this.#files.length === 0) return none
    const answer = this.#line.then(() => this.#askNow(call))
    this.#line = answer
    return answer
  }

  async #askNow(call: PolicyCall): Promise<Reason[]> {
    try {
      const thread = await this.#ready()
      const reply = await replyOf(thread, answerMs, () => thread.postMessage(call))
      if (reply !== undefined && 'reasons' in reply) return reply.reasons
      const { name } = this.#files[Atomics.load(this.#asked, 0)] ?? this.#files[0]!
      await this.#drop(thread)
      return [
        failedPolicy(
          name,
          reply === undefined ? `it did not answer within ${answerMs} ms` : 'its thread ended',
        ),
      ]
    } catch (error) {
      return [failedPolicy(this.#files[0]!.name, error instanceof Error ? error.message : String(error))]
    }
  }

  async #ready(): Promise<Worker> {
    if (this.#thread) return this.#thread
    const workerData: PolicyThreadData = { files: this.#files, asked: this.#asked }
    const thread = new Worker(moduleUrl('governance/policies/policy-thread'), { workerData })
    thread.unref()
    const reply = await replyOf(thread, loadMs, () => {})
    if (reply === undefined || !('ready' in reply)) {
      await thread.terminate()
      const { code, message } = reply && 'problem' in reply ? reply.problem : silent
      throw new ReeveError(code, message)
    }
    if (this.#isEnded) await thread.terminate()
    this.#thread = thread
    thread.once('exit', () => {
      if (this.#thread === thread) this.#thread = undefined
    })
    return thread
  }

  async #drop(thread: Worker): Promise<void> {
    if (this.#thread === thread) this.#thread = undefined
    await thread.terminate()
  }
}

const none: Promise<Reason[]> = Promise.resolve([])
const silent = {
  code: 'broken-file',
  message: `The files of policies/ were not read within ${loadMs} ms. Look for a loop in them.`,
}

/** The next thing that the thread says; undefined: nothing within the time. */
function replyOf(
  thread: Worker,
  withinMs: number,
  begin: () => void,
): Promise<PolicyThreadReply | undefined> {
  return new Promise((resolve) => {
    const done = (reply: PolicyThreadReply | undefined) => {
      clearTimeout(timer)
      thread.off('message', done)
      thread.off('error', failed)
      thread.off('exit', left)
      resolve(reply)
    }
    const failed = (error: Error) => done({ problem: { code: 'broken-file', message: error.message } })
    const left = () =>
      done({ problem: { code: 'broken-file', message: 'The thread of the policies ended.' } })
    const timer = setTimeout(() => done(undefined), withinMs)
    thread.on('message', done)
    thread.on('error', failed)
    thread.on('exit', left)
    begin()
  })
}
