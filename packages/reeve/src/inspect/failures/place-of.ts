/** Where the fix of a failure belongs. */
export const places = [
  'prompt',
  'retrieval',
  'tool contract',
  'permission model',
  'evaluation suite',
  'human process',
] as const

export type Place = (typeof places)[number]

/** What is proposed for the failures of one place. */
export const adviceFor: Record<Place, string> = {
  prompt:
    'Make the instructions, the schema or the route of the question say what people corrected; then: reeve eval replay',
  retrieval: 'Add or correct the missing knowledge, and look at what was found: reeve memory why RUN',
  'tool contract':
    'Make the schemas, timeouts and errors of the tool what the other side really takes and gives',
  'permission model':
    'Give the grant, limit or budget that was right to need, or take away what led there: reeve policy test',
  'evaluation suite': 'Add the case to evals/, so that the next change is judged by it',
  'human process': 'Say who decides, by when, and what becomes of it when nobody does: docs/approvals.md',
}

/** What is known of a failure by its code alone. The first rule that has the code holds. */
const codes: readonly (readonly [Place, readonly string[]])[] = [
  [
    'human process',
    ['approval-expired', 'not-approved', 'done-unclear', 'cancelled', 'overridden', 'wait-given-up'],
  ],
  [
    'permission model',
    [
      'call-denied',
      'approval-needed',
      'delegation-too-deep',
      'may-not-decide',
      'may-not-override',
      'over-budget',
      'limit-steps',
      'limit-time',
      'refused-destination',
      'refused-arguments',
      'memory-forbidden',
      'mcp-not-allowed',
      'secret-not-declared',
      'secret-not-here',
      'refused-write',
    ],
  ],
  ['evaluation suite', ['criteria-unmet', 'requirement-not-met', 'invalid-output']],
  [
    'retrieval',
    ['no-knowledge', 'mixed-embeddings', 'no-embeddings', 'unfounded', 'feeds-itself', 'unknown-memory'],
  ],
  [
    'prompt',
    [
      'unanswered',
      'route-exhausted',
      'agent-stopped',
      'guard-rejected',
      'plan-failed',
      'bad-plan',
      'bad-verdict',
      'no-value',
    ],
  ],
  [
    'tool contract',
    [
      'invalid-input',
      'bad-result',
      'not-applied',
      'timeout',
      'unreachable',
      'unresolved-host',
      'refused-content-type',
      'refused-encoding',
      'refused-redirect',
      'unknown-tool',
      'refused-request',
      'service-failed',
      'no-json-schema',
      'not-utf8',
      'unreadable-file',
      'input-too-large',
      'payload-too-large',
      'json-too-deep',
      'json-too-large',
    ],
  ],
]

const families = /^(?:script|http|mail|mcp|process|provider|page|query|broken|response)-/

/** By rules alone; undefined: no rule speaks of the code. */
export function placeOfCode(code: string): Place | undefined {
  for (const [place, known] of codes) if (known.includes(code)) return place
  return families.test(code) ? 'tool contract' : undefined
}

/**
 * Of what a person decided otherwise. An edit, an answer and a rejection that says why show how the output should have been;
 * a rejection without a word shows only that nobody said what was wanted.
 */
export function placeOfCorrection({
  what,
  note,
}: {
  what: 'rejected' | 'edited' | 'answered' | 'corrected'
  note: string | null
}): Place {
  return what === 'rejected' && (note ?? '').trim() === '' ? 'human process' : 'prompt'
}
