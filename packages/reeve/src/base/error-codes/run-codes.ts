import type { CodeTable } from './code-table.ts'

/** Of runs: starting, driving, deciding and repairing them. */
export const runCodes: CodeTable = {
  'already-decided': [
    'The approval was decided before; the first decision is valid.',
    'Look at the run: `reeve show RUN`.',
  ],
  'approval-changed': [
    'The approval shows something else than its run asked for: the database was changed from outside.',
    'Run `reeve audit verify`, and find out who writes to the database. The decision was not carried out.',
  ],
  'approval-expired': [
    "The approval's time is over.",
    'Look at the run: its workflow continues as without a decision.',
  ],
  'async-schema': [
    'A schema validates asynchronously where a run may not wait.',
    'Move the slow check into a step, and give a schema that validates at once.',
  ],
  'bad-fork': [
    'The run cannot be forked from this call.',
    'Name a call that `reeve show RUN` lists. If calls are still running, wait until they have ended.',
  ],
  'bad-mark': [
    'A schema marks a value that cannot be stored apart.',
    'Mark texts only: `personal(z.string())`.',
  ],
  erased: ["The run's data was erased, so the run cannot continue.", 'Start a new run.'],
  'bad-retry': [
    'The retry policy is invalid.',
    "Correct it: `attempts` is a whole number from 1, `factor` a number from 1, `delay` a duration such as '2s'.",
  ],
  'bad-schedule': [
    'The schedule is invalid.',
    'Correct its cron pattern (`0 9 * * 1-5`), time zone (`Europe/Berlin`), name or options.',
  ],
  'bad-start': [
    'An option of a start is invalid.',
    'Correct it. Common mistakes: `idempotencyKey` together with `debounce`, an unknown `channel`, a `traceparent` that does not follow W3C.',
  ],
  'bad-daemon': [
    "The daemon's definition is invalid.",
    'Correct it. Common mistakes: neither `route` nor `rules`, an unknown goal or event, intervals that are not floor ≤ every ≤ ceiling.',
  ],
  'bad-goal': [
    "The standing goal's definition is invalid.",
    'Correct it: `target` is { atLeast: 0.9 } or { atMost: 0.1 }, `metric` a function or a known name, `review` a day such as 2027-03-01.',
  ],
  'not-current-cycle': [
    'A run of a daemon was started, retried or forked by hand, but the daemon is in another cycle.',
    'Wake the daemon instead: `reeve daemons wake NAME`.',
  ],
  'unknown-daemon': ['The project has no daemon of that name.', 'See the daemons: `reeve daemons list`.'],
  'unknown-goal': ['The project has no standing goal of that name.', 'See the goals: `reeve goals list`.'],
  'bad-workflow': [
    "A workflow's definition or name is invalid.",
    'Correct it: a workflow needs an `input` schema and a `run(ctx, input)` function. Check the spelling of its options.',
  ],
  'cannot-undo': [
    'The run cannot be undone now.',
    'If the run or a part of it has not ended, wait or cancel it first. If the plan has changed, or nothing can be undone, see `reeve undo RUN --dry-run`.',
  ],
  'cannot-retry': [
    'The run is not failed or stuck, or a retry would repeat what it did.',
    'Fork the run (`reeve fork RUN --from CALL`), or start a new one.',
  ],
  'child-cancelled': [
    'A child run was cancelled.',
    'Look at the child. Catch the error where the workflow can continue without it.',
  ],
  'child-failed': ['A child run failed.', 'Correct the cause and retry the child, or catch the error.'],
  'child-not-mended': [
    'A child run that made this run fail has not succeeded yet.',
    'Retry the child first, or both: `reeve retry RUN --children`.',
  ],
  'duplicate-workflow': [
    'Two workflows have the same name and version.',
    'Rename one, or give it another version.',
  ],
  'empty-race': ['`ctx.race` was given nothing to wait for.', 'Give it at least one promise or function.'],
  failed: [
    'The run failed, and its journal has no error that says why.',
    "Look at the run's reason: `reeve show RUN`.",
  ],
  'fork-repeats': [
    'The fork would send again what was sent before.',
    'Fork from a later call, or confirm the repetition with `--yes`.',
  ],
  'idempotency-conflict': [
    'The idempotency key was used for a run with another input.',
    "Use another key for another input, or start with `ifKeyExists: 'return'`.",
  ],
  'invalid-edit': [
    "The edit of an approval does not fit the call's input.",
    'Give an edit that fits; the approval stays open.',
  ],
  'invalid-input': [
    'The value does not fit its schema.',
    'Correct the fields that do not fit: one that is missing, one too many, or one of another type. `details.issues` lists them.',
  ],
  'invalid-output': [
    "A workflow's result does not fit its output schema.",
    'Correct the workflow or the schema, then retry the run.',
  ],
  'journal-damaged': [
    "A run's journal cannot be read: its hash chain is broken, or an event's data does not fit its type.",
    'Run `reeve audit verify`. If the database was changed from outside, restore a backup.',
  ],
  'limit-steps': [
    'The run made more calls than its workflow allows.',
    'Raise `limits.steps`, end the loop, or continue in a new run with `ctx.continueAs`.',
  ],
  'limit-time': [
    'The run took longer than its workflow allows.',
    'Raise `limits.time`, or make the run shorter.',
  ],
  'cannot-override': [
    'The call cannot be overridden so: it has its result, does not wait, or nobody knows whether it happened.',
    'See what the call waits for: `reeve show RUN`. Say what happened to an effect with `reeve answer`.',
  ],
  'may-not-override': [
    'Only a person with the role operator may override a call of a run.',
    'Ask an operator. Who you are: `reeve whoami`.',
  ],
  overridden: [
    'A person said that this call fails, in place of what it would have come to.',
    'See who said so, and why: `reeve show RUN`.',
  ],
  'may-not-decide': [
    "This person may not decide this approval: their identity, their role or the approval's terms forbid it.",
    'Ask somebody who may: `reeve approvals ID` lists them.',
  ],
  'nested-call': [
    "`ctx` was used inside a step's body, which a replay does not run again.",
    'Make the call outside, after the step.',
  ],
  'not-applied': ['An attempt certainly changed nothing outside.', 'See `cause`; a retry is safe.'],
  'problem-stands': [
    'The approval cannot be approved because its arguments are invalid.',
    'Approve an edit that is valid, or reject it.',
  ],
  'reserved-key': [
    'The idempotency key begins with a prefix that Reeve keeps for itself.',
    'Choose a key that begins otherwise.',
  ],
  'level-not-earned': [
    'The workflow or agent has not earned this level of trust.',
    'See what is missing: `reeve check NAME`.',
  ],
  'requirement-not-met': [
    'The run would have ended without what its workflow requires, and a person did not allow that.',
    'Do the missing work by hand, or fork the run.',
  ],
  'run-ended': ['The run has ended and takes no more input.', 'Start another run, or fork this one.'],
  'run-ending': [
    'The run began to end while this call was in progress.',
    'If the workflow returned before the call had ended, await the call. Otherwise no action is needed: when the run is retried, the call is made again.',
  ],
  'run-released': [
    'The worker stopped and released the run.',
    'No action needed: the run continues on the next worker.',
  ],
  'ambiguous-approval': [
    'A run, or the beginning of an id, means several approvals.',
    'Give the id of one: the message lists them.',
  ],
  'ambiguous-run': [
    'A key, or the beginning of an id, matches several runs.',
    'Give the whole id of one run.',
  ],
  'nothing-asked': [
    'A test decides for a run that asks nothing.',
    'See what the run does (`run.story()`), and decide when it asks.',
  ],
  'run-waits': [
    'The run waits, and in memory nobody can answer it.',
    'Answer it in the test, or give it nothing to wait for.',
  ],
  'start-refused': [
    'The database refused the start of a run; nothing was written.',
    'See `cause`, and correct the value.',
  ],
  'stop-unfinished': [
    'A worker stopped before the database accepted its last writes.',
    'Check that the database can be reached. No acknowledged write is lost.',
  ],
  timeout: [
    'An operation took longer than its limit.',
    'Raise the limit, or make the operation faster. Where a retry is allowed, Reeve tries again.',
  ],
  'bad-record': ['The record of a run cannot be read.', 'Record it again: `reeve test record RUN`.'],
  'record-exists': ['A test of that name exists already.', 'Give another `--name`, or `--replace` it.'],
  'record-differs': [
    'The present code does not do what a recorded run did.',
    'Read the difference. If it is intended, record a run of the new code: `reeve test record RUN`.',
  ],
  'bad-recorded-calls': [
    'The file of recorded calls is missing, is not a valid recording, or belongs to another connector or version.',
    'Record the calls again: `recordedCalls(CONNECTOR, { file, from: { credential } })`.',
  ],
  'test-never-rests': [
    "Work that a test started is still in progress, and it made no progress for longer than the test's patience.",
    'Give `testRuntime` a longer `patience`. If the work is meant to hang, say so: `test.hangIn(NAME)`.',
  ],
  'unfit-signal': [
    'The signal does not fit what the run waits for.',
    'Send one that fits; the run still waits.',
  ],
  'second-look': [
    'Approvals are given faster than anybody can read them, and the project demands a second look.',
    'Read the approval again, and approve it some seconds later.',
  ],
  'trial-closed': [
    'A recorded run, tried again, asked for something that only a real run has.',
    'This is a fault of Reeve: report it with the run.',
  ],
  'unknown-approval': ['There is no such approval.', 'See the open approvals: `reeve approvals`.'],
  'unknown-permission': ['There is no such remembered permission.', 'See them: `reeve permissions`.'],
  'unknown-run': ['There is no such run.', 'See the runs: `reeve runs`.'],
  'unknown-workflow': [
    'There is no such workflow.',
    "Check the spelling, and the files in the project's `workflows/`.",
  ],
  'wait-given-up': [
    "The workflow's own code gave up a wait.",
    'No action needed if that is intended. Catch the error where the code continues.',
  ],
  'wrong-answer': [
    'The answer or the verdict does not fit the question.',
    'An approval takes approve or reject, a question its answer, an unknown outcome happened, again or failed. `reeve approvals ID` shows what is asked.',
  ],
}
