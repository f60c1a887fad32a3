import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..', '..')

/** What holds a claim: a file here, and words of its test. */
type Holding = [file: string, test: string][]

/** How each sentence begins that claims something, and the tests that hold it. */
const security: Record<string, Holding> = {
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
  'A reply by mail decides only': [
    ['connectors/mail-approvals.test.ts', 'what is not surely of the one who was written to decides nothing'],
    ['connectors/reply-reading.test.ts', 'what others could have written proves nobody'],
  ],
  'Any other reply decides nothing': [
    ['connectors/mail-approvals.test.ts', 'one line decides, and only a word of the list'],
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

const report: Record<string, Holding> = {
  'Who acts?': [
    ['agents/judged-calls.test.ts', 'what a workflow may not do, no agent in its run may'],
    ['governance/delegation-graphs.test.ts', 'whatever way a call took'],
  ],
  'Which sources may name': [
    [
      'governance/decide.test.ts',
      'a mail to somebody in the request is allowed, to somebody in a stranger’s text it asks',
    ],
    [
      'governance/provenance.test.ts',
      'a record is trusted when the words led to it, not when it is one of many',
    ],
  ],
  'What does the request name?': [
    [
      'governance/provenance.test.ts',
      'a value of a mail counts as delegated when the words name its sender, and of no other',
    ],
    ['governance/provenance.test.ts', 'a name that two senders bear names neither'],
    ['governance/provenance.test.ts', 'naming a folder, a channel or a record does not name the prose in it'],
    [
      'governance/provenance.test.ts',
      'several values of one kind in a named source are for a person to choose from',
    ],
  ],
  'What did the request ask for?': [
    ['governance/decide.test.ts', 'only the kinds of effects happen that the request has a word for'],
    ['governance/decide.test.ts', 'doing what a named text says allows its kinds, but never the grave ones'],
  ],
  'What led a read there?': [
    ['governance/provenance.test.ts', 'what a read found that untrusted text steered is untrusted'],
  ],
  'Does a stranger push it?': [
    ['governance/provenance.test.ts', 'a value of a record that a stranger’s text pushes is not trusted'],
  ],
  'What leaves?': [
    ['governance/decide.test.ts', 'a secret leaves when the request speaks of it'],
    ['governance/decide.test.ts', 'a private value leaves to whom the request names'],
    ['governance/decide.test.ts', 'a link that only a stranger’s text holds, or that text word for word'],
  ],
  'What does it act on?': [['governance/decide.test.ts', 'taint stays on the thing, and the commit asks']],
  'A policy of the project can only restrict.': [
    ['governance/decide.test.ts', 'a policy may only tighten; one that throws or answers nonsense denies'],
  ],
  'A call that cannot be judged is denied.': [
    ['governance/decide.test.ts', 'what cannot be judged is denied, with a reason'],
  ],
  'Every call of a tool by an agent is decided': [
    ['agents/judged-calls.test.ts', 'a recipient that stands only in a web page is asked about'],
  ],
  'The goal of 0 is met.': [['governance/example-attacks.test.ts', 'no refund of a hijacked model gets out']],
  'A secret is searched for': [['governance/decide.test.ts', 'in base64, split over arguments']],
  'It is also searched for': [
    ['governance/decide.test.ts', 'in letters that look alike'],
    ['governance/decide.test.ts', 'with its letters moved along the alphabet'],
  ],
  'Three fifths of it': [['governance/provenance.test.ts', 'three fifths of a secret count as the secret']],
  'An amount must follow': [
    ['governance/decide.test.ts', 'an amount comes of sums of money, not of what counts days'],
  ],
  'A range in a grant is a limit': [
    [
      'governance/decide.test.ts',
      'a grant with a range is a limit: the amount in it needs a ground of its own',
    ],
  ],
  '`npm run test:routes` lets': [['governance/routes.test.ts', 'nothing leaves by way of %s']],
  'Such a secret got out until': [
    ['governance/routes.test.ts', 'a secret in %s does not leave over several calls'],
  ],
  'When the rules of provenance are switched off': [
    ['governance/example-attacks.test.ts', 'without the rules of provenance they are seen to'],
  ],
}

/** A document, its sections that claim nothing but what a command measures or nobody holds, and sentences of that kind in others. */
interface Document {
  path: string
  held: Record<string, Holding>
  admits: readonly string[]
  unheld: readonly string[]
  /** Whether sentences of its paragraphs claim something, too. */
  hasProse: boolean
}

const documents: Document[] = [
  {
    path: 'SECURITY.md',
    held: security,
    admits: ['What Reeve cannot wall', 'Report a weakness'],
    // What is trusted wholly, and so is walled by nothing.
    unheld: ['code of the project', 'whoever owns the machine'],
    hasProse: false,
  },
  {
    path: 'docs/security.md',
    held: report,
    admits: ['Recorded and made attacks', 'Cost', 'What this does not show'],
    unheld: [
      'governance.md says how',
      // How it is measured, and what the table says.
      '`npm run attacks -- --examples` gives',
      'The tools’ own approvals are switched off',
      "The tools' own approvals are switched off",
      '`research-team` has no tool',
      'refund-desk |',
      'refund-desk, the right purchase',
      'support-triage |',
      'The rules were adjusted on these attempts',
      // What still gets out.
      'Other ciphers, or fewer letters',
      'A secret that is split over several runs',
    ],
    hasProse: true,
  },
]

/** Of the tables, what a row says; of the lists, each sentence; of paragraphs too. Without emphasis and addresses of links. */
function claimsIn(document: string, { admits, hasProse }: Pick<Document, 'admits' | 'hasProse'>): string[] {
  const sections = document.split(/^## /m).slice(1)
  return sections.flatMap((section) => {
    const [title = '', ...lines] = section.split('\n')
    if (admits.includes(title)) return []
    const text = lines
      .join('\n')
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll('**', '')
    const rows = [...text.matchAll(/^\| (.*) \|$/gm)]
      .map(([, row]) => row!)
      .filter((row) => !/^[-: |]*$/.test(row))
      .slice(1)
    const points = text.split(/^- /m).slice(1)
    const paragraphs = hasProse ? text.split(/\n\n/).filter((part) => !/^\s*[|-]/.test(part)) : []
    const sentences = [...points, ...paragraphs].flatMap((point) =>
      point
        .replace(/\s+/g, ' ')
        .trim()
        .split(/(?<=\.) (?=[A-Z`])/),
    )
    return [...rows, ...sentences.filter((sentence) => sentence !== '')]
  })
}

test.each(documents)('each sentence of $path that claims something is held by a test', (document) => {
  const { path, held, unheld } = document
  const claims = claimsIn(readFileSync(join(root, path), 'utf8'), document)
  expect(claims.length).toBeGreaterThan(10)
  const begins = Object.keys(held)
  const free = claims.filter((claim) => ![...begins, ...unheld].some((begin) => claim.startsWith(begin)))
  expect(free).toEqual([])
  expect(begins.filter((begin) => !claims.some((claim) => claim.startsWith(begin)))).toEqual([])
})

test.each(documents.flatMap(({ held }) => Object.entries(held)))(
  'the tests are there that hold "%s…"',
  (_claim, tests) => {
    for (const [file, name] of tests)
      expect(readFileSync(join(import.meta.dirname, file), 'utf8'), `${file}: ${name}`).toContain(name)
  },
)
