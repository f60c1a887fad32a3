/** Where a text that speaks of a person makes its run one that is erased whole. Events, inbox and marked texts are looked through by themselves. */
export const placesOfRuns = [
  { from: 'runs', run: 'no', columns: ['key', 'idempotency', 'reason'] },
  {
    from: 'approvals',
    run: 'run',
    columns: ['subject', 'shown', 'answer', 'note', 'sender', 'input_schema'],
  },
  {
    from: 'approval_votes v join approvals a on a.id = v.approval',
    run: 'a.run',
    columns: ['v.note', 'v.answer'],
  },
  { from: 'approval_delegations d join approvals a on a.id = d.approval', run: 'a.run', columns: ['d.note'] },
] as const

/** Columns of memory's items. What is a file of knowledge is the project's own, and named. */
export const placesOfItems = ['title', 'heading', 'text', 'source', 'scope', 'ended_why'] as const

/** Rows that go as a whole. `when`: others are named. */
export const placesOfRows = [
  { from: 'answers', columns: ['answer'] },
  { from: 'permissions', columns: ['arguments'] },
  // Their requests are decided or not as before. Whoever is still among the `people` of a connection is brought open ones again.
  { from: 'approval_messages', columns: ['recipient'] },
  { from: 'approval_replies', columns: ['sender', 'words', 'subject', 'message_id'] },
  { from: 'proposals', columns: ['title', 'body', 'key', 'note', 'problem'] },
  { from: 'bulk_actions', columns: ['filter', 'problem'], when: 'ended_at is not null' },
] as const

/** Columns that are emptied, each by itself. `when`: in other rows they are named. */
export const placesOfColumns = [
  // Their digests stay, and so does what was done, by whom and when.
  { from: 'authority_log', columns: ['payload'] },
  { from: 'occurrences', columns: ['reason'] },
  { from: 'deliveries', columns: ['reason'] },
  {
    from: 'repairs',
    columns: ['failure', 'inputs', 'diagnosis', 'tries', 'proof', 'notes', 'reason'],
    when: 'ended_at is not null',
  },
] as const

/** What stays and is named, with what is to be done about it. */
export const placesOfOthers = [
  {
    from: 'repairs',
    columns: ['failure', 'inputs', 'diagnosis', 'tries', 'proof', 'notes', 'reason'],
    when: 'ended_at is null',
    what: 'repairs that are under way',
    advice: 'let them end, then erase again',
  },
  {
    from: 'repairs',
    columns: ['before_text', 'after_text'],
    what: 'scripts in the history of repairs',
    advice: 'it stays: change the script itself',
  },
  {
    from: 'directive_versions',
    columns: ['text', 'reason', 'evidence'],
    what: 'versions of directives',
    advice: 'change the directive; its last 200 versions are kept',
  },
  { from: 'lessons', columns: ['question', 'condition'], what: 'lessons', advice: 'end them: reeve lessons' },
  {
    from: 'grant_changes',
    columns: ['change', 'why'],
    what: 'changes of grants',
    advice: 'they stay: they show who could do what',
  },
  { from: 'switches', columns: ['why'], what: 'switches', advice: 'set them anew with another reason' },
  {
    from: 'goal_changes',
    columns: ['change', 'why'],
    what: 'changes of goals',
    advice: 'they stay: change the goal',
  },
  {
    from: 'schedules',
    columns: ['definition'],
    what: 'schedules',
    advice: "change them in the project's code",
  },
  { from: 'daemons', columns: ['definition'], what: 'daemons', advice: "change them in the project's code" },
  {
    from: 'bulk_actions',
    columns: ['filter', 'problem'],
    when: 'ended_at is null',
    what: 'actions on many runs that are under way',
    advice: 'let them end, then erase again',
  },
  {
    from: 'effect_accounts',
    columns: ['account'],
    what: 'accounts of effect budgets',
    advice: 'they stay: count by an id in place of an address',
  },
  {
    from: 'connector_accounts',
    columns: ['identity'],
    what: 'accounts of connections',
    advice: 'disconnect them if they are theirs',
  },
] as const

/** What a case of an evaluation came to (JSON): it stays without the texts in it. */
export const placeOfCases = { from: 'eval_cases', column: 'result' } as const

/** What of Postgres has old rows after an erasure. */
export const changedTables: readonly string[] = [
  ...new Set([
    ...['events', 'blobs', 'inbox', 'runs', 'approvals', 'approval_votes', 'approval_delegations'],
    ...['marked_values', 'items', 'item_grams', placeOfCases.from],
    ...[...placesOfRows, ...placesOfColumns].map(({ from }) => from),
  ]),
]
