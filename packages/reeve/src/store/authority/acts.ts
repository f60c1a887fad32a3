import type { Json } from '../../base/json/json.ts'
import {
  type Field,
  list,
  number,
  oneOf,
  orNull,
  type Presence,
  sometimes,
  type TypesOfFields,
  text,
  time,
  value,
} from '../journal/vocabulary/define.ts'

/** One kind of act: `Written` is what its details hold. */
export interface ActDefinition<Written = unknown> {
  /** One sentence. */
  readonly meaning: string
  readonly fields: Readonly<Record<string, Field<unknown, Presence>>>
  /** Never there at run time. */
  readonly type?: Written
}

function act<const F extends Record<string, Field>>(
  meaning: string,
  fields: F,
): ActDefinition<TypesOfFields<F>['written']> {
  return { meaning, fields }
}

const mode = oneOf(['off', 'ask', 'allow', 'none'], 'What it is set to; `none`: it was taken away.')

/**
 * Every act of authority: what changes who may do what, or says what a person decided. An act that is not here is added as one
 * entry: `act('What it means.', { fields })`. Its subject says what it is about.
 */
export const acts = {
  'principal-added': act('A principal came to be; the subject is its name.', {
    kind: oneOf(['person', 'service', 'agent', 'workflow'], 'What it is.'),
    role: orNull(text('Its role, of people and services.')),
  }),
  'principal-removed': act('A principal was removed: its sessions and tokens count no more.', {}),
  'principal-revoked': act('Whatever runs for a principal stops at its next call.', {}),
  'principal-restored': act('A revoked principal may act again.', {}),
  'role-changed': act('A principal has another role.', {
    before: text('The role of before.'),
    role: text('The role that it has now.'),
  }),
  'local-user-mapped': act('A user of an operating system acts as a principal; the subject is the user.', {
    principal: text('As whom it acts.'),
  }),
  'token-issued': act('A token was handed out; the subject is its id.', {
    principal: text('Who acts with it.'),
    role: text('At most what it may do.'),
    expiresAt: orNull(time('Until when it counts; null: for ever.')),
  }),
  'token-revoked': act('A token counts no more.', { principal: text('Whose it was.') }),
  'signed-in': act('Somebody signed in; the subject is the principal.', {}),
  'grant-changed': act('What the code grants a principal was narrowed, suspended, or given for a time.', {
    change: value('The change, as data.'),
    until: sometimes(time('When it ends by itself.')),
  }),
  'grant-restored': act('A change of a grant was taken back.', { change: value('The change, as data.') }),
  'switch-set': act('Calls were switched off, to ask, or on; the subject says which.', {
    agent: sometimes(text('The agent, where the switch names one.')),
    tool: sometimes(text('The tool, where the switch names one.')),
    connector: sometimes(text('The connector, where the switch names one.')),
    mode,
  }),
  'all-paused': act('Everything was paused.', {}),
  'all-resumed': act('Everything goes on.', {}),
  'queue-paused': act('No run of a queue begins or goes on; the subject is its name.', {}),
  'queue-resumed': act('The runs of a queue go on.', {}),
  'schedule-paused': act('A schedule starts nothing; the subject is its name.', {}),
  'schedule-resumed': act('A schedule starts runs again; the subject is its name.', {}),
  'run-paused': act('A run was held where it is; the subject is its id.', {}),
  'run-resumed': act('A run that was held goes on; the subject is its id.', {}),
  'run-signalled': act('A signal was sent to a run; the subject is its id.', {
    signal: text('The name of the signal.'),
    id: sometimes(text('What it counts once by, as the sender gave it.')),
  }),
  'run-overridden': act(
    'Somebody said what a call of a run comes to, in the place of what it waited for; the subject is the run.',
    {
      call: number('The number of the call.'),
      how: oneOf(['result', 'error', 'skip-wait'], 'What it comes to.'),
      kind: sometimes(text('The kind of the call, where it had written something.')),
      name: sometimes(text('Its name, where it had written something.')),
    },
  ),
  'daemon-paused': act('A daemon begins no further cycle; the subject is its name.', {}),
  'daemon-resumed': act('A daemon goes on.', {}),
  'daemon-woken': act('A daemon was woken before its time; what it had closed is open again.', {}),
  'directive-written': act('A directive has another text; the subject is its name.', {
    version: number('Which version this is.'),
    author: oneOf(['file', 'person', 'repair', 'lesson'], 'On account of what it was written.'),
    hash: text('The hash of the file.'),
  }),
  'repair-promoted': act('A fix took the place of a script; the subject is the repair.', {
    script: text('The script.'),
    before: text('The hash of its source before.'),
    after: text('The hash of its source now.'),
  }),
  'repair-rolled-back': act('A script is again what it was before a repair; the subject is the repair.', {
    script: text('The script.'),
    before: text('The hash of the fix.'),
    after: text('The hash of its source now.'),
  }),
  'goal-changed': act('A person changed a standing goal; the subject is its name.', {
    before: value('What stood before of what was changed.'),
    after: value('What stands now.'),
  }),
  'ceiling-set': act('A ceiling on money or on effects was set; the subject is its scope.', {
    before: orNull(number('The ceiling of before, in US dollars or in the unit of the budget; null: none.')),
    ceiling: orNull(number('The ceiling now; null: none.')),
  }),
  'policy-changed': act('The project came with other grants or policies; the subject is the project.', {
    before: orNull(text('The hash of before; null: the first.')),
    policy: text('The hash of what holds now.'),
  }),
  'approval-decided': act('A person decided; the subject is the id of the approval.', {
    status: oneOf(['approved', 'rejected', 'answered'], 'What was decided.'),
    hash: text('The hash of what was shown.'),
    answer: sometimes(text('The hash of the edit or the answer, as canonical JSON.')),
    requestedBy: sometimes(text('Who asked.')),
  }),
  'approval-voted': act('One of several who must approve did; the subject is the id of the approval.', {
    status: oneOf(['approved', 'rejected', 'answered'], 'What was said.'),
    hash: text('The hash of what was shown.'),
    answer: sometimes(text('The hash of the edit, as canonical JSON.')),
  }),
  'approval-delegated': act('Somebody else is to decide; the subject is the id of the approval.', {
    to: text('Who is to decide.'),
  }),
  'answer-corrected': act(
    'A person said what an answer of a solver should have been; the subject is the run.',
    {
      question: text('The name of the question.'),
      call: number('The number of the call.'),
      value: value('What it should have been.'),
    },
  ),
  'proposal-decided': act('What a machine proposed was decided; the subject is the id of the proposal.', {
    status: oneOf(['adopted', 'rejected', 'withdrawn'], 'What was decided.'),
    kind: text('What kind of change it is: `repair`, `lesson`, …'),
    hash: text('The hash of what was proposed.'),
  }),
  'permission-remembered': act('A decision was made to hold for later calls; the subject is its id.', {
    agent: text('Whose calls.'),
    tool: text('The tool.'),
    arguments: value('What the arguments must be.'),
    until: time('When it ends.'),
  }),
  'permission-revoked': act('A remembered permission holds no more.', {}),
  'step-overridden': act('A person gave the result of a step or an effect by hand.', {
    step: number('The number of the call.'),
  }),
  'undo-started': act('Effects of a run are undone; the subject is the run.', {
    from: orNull(number('From this call on; null: all.')),
    undo: text('The run that undoes them.'),
  }),
  'subject-erased': act('The payloads about a person were removed; the subject is a hash of who.', {
    events: number('Events whose payload was removed.'),
    rows: number('Other rows that were cleaned or removed.'),
  }),
  'runs-deleted': act('Retention deleted runs; the subject says how many.', {
    runs: list<number>('Their numbers.'),
  }),
  'level-changed': act('An agent or workflow may do more, or less, on its own; the subject is its name.', {
    before: text('The level of before.'),
    level: text('The level now.'),
    evidence: sometimes(value('What it rests upon.')),
  }),
  'backup-restored': act('The database goes on from a backup; the subject is what that was a backup of.', {
    madeAt: time('When the backup was made.'),
    tokens: number('Tokens that were revoked by it.'),
    sessions: number('Browsers that were signed out by it.'),
  }),
  'secret-set': act('A secret was kept under a name for the first time.', {}),
  'secret-rotated': act('A secret has a new value.', { version: number('Which value this is, from 1.') }),
  'secret-deleted': act('A secret was deleted.', {}),
  'secrets-key-set': act('All secrets are sealed with this key from here on; the subject is its id.', {
    before: text('The ids of the keys of before.'),
    values: number('How many values there are.'),
  }),
  'connector-connected': act('An account of a connector was connected; the subject is connection/account.', {
    mode: text('`live` or `sandbox`.'),
    identity: orNull(text("The service's own id of the account.")),
  }),
  'connector-disconnected': act('An account of a connector was disconnected, and its credential deleted.', {
    mode: text('`live` or `sandbox`.'),
  }),
  'connector-accepted': act('An owner accepted what a connector is now; the subject is the connection.', {
    version: text('The version of it.'),
    fingerprint: text('Of its contract.'),
    before: orNull(text('That of the contract before.')),
  }),
  'memory-amended': act('Another text stands in the place of an item of memory; the subject is its id.', {
    version: number('Which version of it this is.'),
  }),
  'memory-retracted': act('An item of memory is not found any more; the subject is its id.', {
    derived: number('Items that were made of it, and went along.'),
  }),
  'memory-redacted': act('The words of an item of memory were taken away; the subject is its id.', {
    derived: number('Items that were made of it, and are not found any more.'),
  }),
  'memory-rolled-back': act('What was recorded in memory was taken back; the subject says what of.', {
    by: text('What the subject is: an item, a source, a run, or the time since when (ms).'),
    ended: number('Versions that ended.'),
    restored: number('Versions of before that stand again.'),
  }),
  'audit-key-set': act('From here on acts are signed with this key; the subject is its id.', {
    publicKey: text('Its public half (ed25519, base64url).'),
    before: orNull(text('The id of the key before; null: the first.')),
  }),
} satisfies Record<string, ActDefinition>

export type ActType = keyof typeof acts

/** What an act says beside who, what about and why. */
export type ActDetails = {
  [T in ActType]: (typeof acts)[T] extends ActDefinition<infer Written> ? Written : never
}

/** How a principal showed that it is who it says. */
export type Proof =
  | 'local-user'
  | 'session'
  | 'token'
  | 'signed-link'
  | 'chat-account'
  | 'mail'
  | 'started-by-reeve'

/** Something that a principal did, to be written down in the transaction of what it changes. */
export interface Act<T extends ActType = ActType> {
  type: T
  /** The name of the principal. */
  by: string
  proof: Proof
  /** On whose behalf, from the one who started it all; absent or empty: its own. */
  onBehalfOf?: readonly string[]
  /** What it is about: a name or an id. */
  subject: string
  /** The id of the run that it belongs to, where it belongs to one. */
  run?: string
  /** Why, in the words of whoever acts. */
  why?: string
  /** By the store's clock (ms). */
  at: number
  details: ActDetails[T]
}

/** A details value for readers who know no types: plain JSON. */
export type AnyDetails = { [key: string]: Json | undefined }
