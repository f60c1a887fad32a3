import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..', '..')

/** How each sentence of SECURITY.md begins that claims something, and the tests that hold it: a file here, and words of its test. */
const held: Record<string, [file: string, test: string][]> = {
  'people, by role': [
    ['cli/people.test.ts', 'each command asks for its role, and changes nothing without it'],
    ['approvals/deciding.ts', 'who decides is judged by what they may at that moment'],
  ],
  'models, mail, web pages': [
    ['agents/judged-calls.test.ts', 'a recipient that stands only in a web page is asked about'],
    ['governance/example-attacks.test.ts', 'no refund of a hijacked model gets out'],
  ],
  'whoever may write to the database': [['audit/forgeries.ts', 'found by the audit: ']],
  'Approvals bind one call': [
    [
      'approvals/binding.ts',
      'each field of what a request is bound to is a part of the hash that is decided',
    ],
    ['agents/judged-calls.test.ts', 'what was approved is what runs, once'],
  ],
  'Nothing decides from within a run': [
    ['server/deciding.test.ts', 'opening a link decides nothing'],
    ['overriding/contract.ts', 'nor code that runs within a run'],
  ],
  'Secrets are kept sealed': [
    ['store/contract/secrets.ts', 'a secret is sealed, opened, replaced'],
    ['secrets/use.test.ts', 'a tool opens what it declares and nothing else'],
  ],
  'They, and those that the environment holds': [
    ['secrets/canaries.test.ts', 'no byte that is stored or sent has a secret, whichever way it takes'],
    ['base/secrets.test.ts', 'a secret cut in halves by a stream is found'],
  ],
  'Texts that schemas mark': [
    ['store/contract/marks.ts', 'marked texts stand nowhere but apart, and sealed'],
    ['store/contract/marks.ts', 'marked texts go by their own time'],
  ],
  'The network is reached through one door': [
    ['layers.test.ts', 'other processes and other hosts are reached through one door each'],
    ['tools/http.test.ts', 'every redirect is judged anew'],
  ],
  'Code that models write': [
    ['tools/sandbox-walls.test.ts', 'whoever owns a locked process gains nothing'],
    ['tools/sandbox-javascript.test.ts', 'finds no way out by name or by constructor'],
  ],
  'The database holds hashes of tokens': [
    ['server/access.test.ts', 'neither tokens nor cookies stand in the database'],
  ],
  'A decision, an act, an item': [
    ['audit/forgeries.ts', 'the inbox, by a decision that nobody took'],
    ['audit/forgeries.ts', 'the head of the day that a worker logged shows a rewrite'],
  ],
  'HTTP listens on loopback': [
    ['server/bad-requests.test.ts', 'another host than loopback is refused until there is an owner'],
  ],
}

/** Sections that claim nothing: they say what is not walled, and to whom to write. */
const admits = ['What Reeve cannot wall', 'Report a weakness']

/** Of the tables, what a row says; of the lists, each sentence. Without emphasis and addresses of links. */
function claimsIn(document: string): string[] {
  const sections = document.split(/^## /m).slice(1)
  return sections.flatMap((section) => {
    const [title = '', ...lines] = section.split('\n')
    if (admits.includes(title)) return []
    const text = lines
      .join('\n')
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll('**', '')
    const rows = [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row]) => row!).slice(1)
    const points = text.split(/^- /m).slice(1)
    const sentences = points.flatMap((point) =>
      point
        .replace(/\s+/g, ' ')
        .trim()
        .split(/(?<=\.) (?=[A-Z])/),
    )
    return [...rows, ...sentences]
  })
}

/** What is trusted wholly, and so is walled by nothing. */
const trusted = ['code of the project', 'whoever owns the machine']

test('each sentence of SECURITY.md that claims something is held by a test', () => {
  const claims = claimsIn(readFileSync(join(root, 'SECURITY.md'), 'utf8'))
  expect(claims.length).toBeGreaterThan(10)
  const begins = Object.keys(held)
  const unheld = claims.filter((claim) => ![...begins, ...trusted].some((begin) => claim.startsWith(begin)))
  expect(unheld).toEqual([])
  expect(begins.filter((begin) => !claims.some((claim) => claim.startsWith(begin)))).toEqual([])
})

test.each(Object.entries(held))('the tests are there that hold "%s…"', (_claim, tests) => {
  for (const [file, name] of tests)
    expect(readFileSync(join(import.meta.dirname, file), 'utf8'), `${file}: ${name}`).toContain(name)
})
