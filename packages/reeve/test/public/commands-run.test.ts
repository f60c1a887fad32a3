import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SealingKey } from '../../src/store/secrets/key/sealing-key.ts'
import { reeve, reeveJson } from '../cli/hosted.ts'
import { wholeProject } from '../cli/whole-project.ts'
import { documents, repository, typedIn, wordsOf } from './shell-lines.ts'

/** Lines that are held against the table of commands alone (`commands.test.ts`), by how they begin, and why. */
const onlyParsed: Record<string, string> = {
  dev: 'it serves until Ctrl-C: test/cli/web.test.ts',
  start: 'it serves until Ctrl-C: test/cli/serve.test.ts',
  worker: 'it works until Ctrl-C: test/cli/serve.test.ts',
  'db copy': 'it needs a Postgres server: test/store/copy.test.ts',
  connect: 'it takes a key unseen from a terminal: test/cli/connect.test.ts',
  'connectors diff': 'nothing changed that could be accepted: test/connectors',
  'secrets set': 'it takes a value unseen from a terminal: test/cli/people.test.ts',
  'secrets rotate STRIPE_KEY': 'it takes a value unseen from a terminal: test/cli/people.test.ts',
  'secrets rotate --key': 'it writes another key: test/cli/secrets-key.test.ts',
  'secrets delete': 'nothing was set here: test/cli/people.test.ts',
  'override RUN CALL --skip-wait':
    'it needs a run that waits for a time, which `run` follows: test/overriding',
  'skills approve': 'it declares a script of its own: test/cli/answers.test.ts',
}

interface Scene {
  /** What a line says, and what stands in its place here. */
  fill?: Record<string, string | (() => Promise<string>)>
  /** Exit codes that are as they should be. Default: 0. */
  codes?: number[]
}

const waits = 3

let folder: string
const environment = { REEVE_SECRETS_KEY: SealingKey.make().secret, SHOP_SECRET: 'whsec_AwMDAwMD' }

const asked = async (...args: string[]) => {
  const answer = await reeveJson<Record<string, never>>(folder, args, { environment })
  return answer as unknown as { runId: string; approvals: { id: string }[] }
}

let count = 0
const waiting = async () => (await asked('run', 'await-go', '--input', `{"ticket":"t-${++count}"}`)).runId
const done = async () => (await asked('run', 'greet', '--input', '{"name":"Ann"}')).runId
async function mail(): Promise<string> {
  const { approvals } = await asked('run', 'reply', '--input', '{"to":"ann@shop.example","text":"Hello"}')
  return approvals[0]!.id
}
async function refund(): Promise<string> {
  const { approvals } = await asked('run', 'refund', '--input', '{"orderId":"A-1","amountUsd":149}')
  return approvals[0]!.id
}
async function permission(): Promise<string> {
  const { permissions } = (await asked('permissions')) as unknown as { permissions: { id: string }[] }
  return permissions[0]!.id
}

/** How lines are run, by how they begin; the longest beginning counts. A line that is not here is run as it stands. */
const scenes: Record<string, Scene> = {
  show: { fill: { RUN: done } },
  'approvals APPROVAL': { fill: { APPROVAL: mail } },
  'approve APPROVAL': { fill: { APPROVAL: mail } },
  'approve ID --edit': { fill: { ID: refund } },
  'approve ID --remember': { fill: { ID: mail } },
  reject: { fill: { ID: mail, APPROVAL: mail } },
  'delegate ID': { fill: { ID: mail } },
  'permissions revoke': { fill: { ID: permission } },
  'run refund': { codes: [waits] },
  'override RUN CALL --result': { fill: { RUN: waiting, CALL: '1' } },
  'override RUN CALL --error': { fill: { RUN: waiting, CALL: '1' } },
  'audit verify': { fill: { RUN: done, FILE: 'heads.jsonl' } },
  'audit key': { fill: { '--rotate': '', '--lost': '' } },
  'connectors test': { fill: { NAME: 'stripe' }, codes: [0, 1] },
  'connectors versions': { fill: { NAME: 'stripe' } },
  'connectors disconnect': {
    fill: { NAME: 'stripe', ACCOUNT: 'shop', '--mode': '', sandbox: '' },
  },
  'skills import': { fill: { '~/Downloads/pdf': 'outside/forms' } },
  'skills show': { fill: { pdf: 'forms' } },
  'eval replay': { fill: { 'support-triage': 'greet' } },
  // No key is set: it says for each model why it was not asked.
  'models test': { codes: [0, 1] },
  'test record': { fill: { RUN: done } },
}

/** The first code of a page that is a file of workflows. */
function workflowOf(page: string, name: string): string {
  const text = readFileSync(join(repository, page), 'utf8')
  const code = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, each]) => each!)
  return code.find((each) => each.includes('export default workflow(') && each.includes(name))!
}

const lines = documents()
  .filter(([path]) => path === 'README.md' || path.startsWith('docs/'))
  .flatMap(([path, text]) =>
    typedIn(text)
      .filter(({ isWhole }) => isWhole)
      .map(({ line }) => ({ path, line })),
  )

const beginning = (line: string, known: object) =>
  Object.keys(known)
    .filter((each) => line === each || line.startsWith(`${each} `))
    .sort((left, right) => right.length - left.length)[0]

async function typed(line: string, { fill = {} }: Scene): Promise<string[]> {
  const words: string[] = []
  for (const word of wordsOf(line)) {
    const bare = word.replace(/^(['"])(.*)\1$/s, '$2')
    const given = fill[bare]
    const said = given === undefined ? bare : typeof given === 'string' ? given : await given()
    if (said !== '') words.push(said)
  }
  return words
}

function prepare(): void {
  folder = wholeProject()
  const config = join(folder, 'reeve.config.ts')
  writeFileSync(
    config,
    readFileSync(config, 'utf8').replace('queues: {', 'queues: { mail: { concurrency: 2 },'),
  )
  writeFileSync(join(folder, 'workflows/invoice.ts'), workflowOf('docs/start.md', "name: 'invoice'"))
  writeFileSync(join(folder, 'workflows/refund.ts'), workflowOf('README.md', 'payments.refund'))
}

test('every line of the README and the docs that is only parsed stands in them, and so does every scene', () => {
  const begun = (known: object) => new Set(lines.map(({ line }) => beginning(line, known)))
  expect(Object.keys(onlyParsed).filter((each) => !begun(onlyParsed).has(each))).toEqual([])
  expect(Object.keys(scenes).filter((each) => !begun(scenes).has(each))).toEqual([])
})

test('every other line of theirs does what it is for, in their order', async () => {
  prepare()
  await asked('principals', 'add', 'eve', '--role', 'approver')
  const faults: string[] = []
  let ran = 0
  for (const { path, line } of lines) {
    if (beginning(line, onlyParsed) !== undefined) continue
    const scene = scenes[beginning(line, scenes) ?? ''] ?? {}
    const args = await typed(line, scene)
    const { code, stderr, stdout } = await reeve(folder, args, { environment })
    ran++
    if (!(scene.codes ?? [0]).includes(code!))
      faults.push(`${path}: reeve ${args.join(' ')} ended with ${code}: ${stderr || stdout}`)
  }
  expect(faults).toEqual([])
  expect(ran).toBeGreaterThan(40)
}, 240_000)
