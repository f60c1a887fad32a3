import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../base/errors.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { judgePolicies, type Policy } from './judge-policies.ts'
import { isPolicy, type PolicyCall } from './policy.ts'
import type { PolicyThreadData, PolicyThreadReply } from './policy-bench.ts'

const { files, asked } = workerData as PolicyThreadData
const port = parentPort!
const tell = (reply: PolicyThreadReply) => port.postMessage(reply)

async function load(): Promise<Policy<PolicyCall>[]> {
  const policies: Policy<PolicyCall>[] = []
  for (const { name, file } of files) {
    let exported: unknown
    try {
      exported = ((await import(pathToFileURL(file).href)) as { default?: unknown }).default
    } catch (error) {
      tell({ problem: { code: 'broken-file', message: `${file} cannot be loaded: ${messageOf(error)}` } })
      throw error
    }
    if (!isPolicy(exported)) {
      const message = `${file} must export a policy as its default (export default policy((call) => …)); it exports ${describeValue(exported)}.`
      tell({ problem: { code: 'bad-policy', message } })
      throw new Error(message)
    }
    policies.push({ name, decide: exported.decide })
  }
  return policies
}

const policies = await load().catch(() => undefined)
if (policies) {
  port.on('message', (call: PolicyCall) =>
    tell({ reasons: judgePolicies(policies, call, (index) => Atomics.store(asked, 0, index)) }),
  )
  tell({ ready: true })
}
