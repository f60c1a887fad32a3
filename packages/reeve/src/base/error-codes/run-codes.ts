import type { CodeTable } from './code-table.ts'

/** Of runs: starting, driving, deciding and repairing them. */
export const runCodes: CodeTable = {
  'already-decided': [
    'The approval was decided before; the first decision stands.',
    'Look at the run: `reeve show RUN`.',
  ],
  'approval-changed': [
    'What the approval shows is not what its run asked for: the database was changed from outside.',
    'Run `reeve audit verify` and find who writes to the database. Nothing was done upon it.',
  ],
  'approval-expired': [
    "The approval's time is over.",
    'Look at the run; its workflow goes on as without a decision.',
  ],
  'async-schema': [
    'A schema checks asynchronously where a run may not wait.',
    'Move the slow check into a step, and give a schema that answers at once.',
  ],
  'bad-fork': [
    'The run cannot be forked from this call.',
    'Take a call that `reeve show RUN` lists, or wait until what acts has settled.',
  ],
  'bad-mark': [
    'A schema marks something that cannot be kept apart.',
    'Mark texts only: `personal(z.string())`.',
  ],
  erased: ['What a run was about was erased.', 'It cannot go on from its journal: start a new run.'],
  'bad-retry': ['A retry policy is not one.', 'Correct the option that the message names.'],
  'bad-schedule': ['A schedule cannot be meant as it stands.', 'Correct its pattern, time zone or options.'],
  'bad-start': ['An option of a start is wrong.', 'Correct the option that the message names.'],
  'bad-daemon': ['A daemon cannot be meant as it is declared.', 'Correct what the message names.'],
  'bad-goal': ['A standing goal cannot be meant as it is declared.', 'Correct what the message names.'],
  'not-current-cycle': [
    'A run of a daemon was started, retried or forked by hand, and the daemon is in another cycle.',
    'Wake the daemon instead: reeve daemons wake NAME.',
  ],
  'unknown-daemon': ['The project has no daemon of that name.', 'See `reeve daemons list`.'],
  'unknown-goal': ['The project has no standing goal of that name.', 'See `reeve goals list`.'],
  'bad-workflow': ["A workflow's definition or name is wrong.", 'Give it what the message says is missing.'],
  'cannot-undo': [
    'A run cannot be undone now.',
    'Do what the message says: end it first, or look at its plan again.',
  ],
  'cannot-retry': [
    'The run is not failed or stuck, or a retry would repeat what it did.',
    'Fork it, or retry the run that the message names.',
  ],
  'child-cancelled': [
    'A child run was cancelled.',
    'Look at the child; catch the error where the workflow can go on without it.',
  ],
  'child-failed': ['A child run failed.', 'Mend and retry the child, or catch the error.'],
  'child-not-mended': [
    'A child that failed the run has not been mended.',
    'Retry the child first, or both: `reeve retry RUN --children`.',
  ],
  'duplicate-workflow': [
    'Two workflows have one name and version.',
    'Rename one, or give it another version.',
  ],
  'empty-race': ['`ctx.race` got nothing to wait for.', 'Give it one promise or function at least.'],
  failed: [
    'A run failed, and its journal has no error that says how.',
    "Look at the run's reason: `reeve show RUN`.",
  ],
  'fork-repeats': [
    'A fork would send again what was sent already.',
    'Fork from a later call, or say that it is wanted: `--yes`.',
  ],
  'idempotency-conflict': [
    'The key was used for a run with another input.',
    "Give another input another key, or start with `ifKeyExists: 'return'`.",
  ],
  'invalid-edit': [
    'The edit of an approval does not fit what the call takes.',
    'Give an edit that fits; the approval waits as before.',
  ],
  'invalid-input': ['A value does not fit its schema.', 'Correct the fields that the message names.'],
  'invalid-output': [
    "A workflow's result does not fit its output schema.",
    'Correct the workflow or the schema, then retry the run.',
  ],
  'journal-damaged': [
    "A run's journal cannot be read: its chain is broken, or a payload is not what its type has.",
    'Run `reeve audit verify`, and restore a backup where the database was changed from outside.',
  ],
  'limit-steps': [
    'The run made more calls than its workflow allows.',
    'Raise `limits.steps`, end the loop, or go on with `ctx.continueAs`.',
  ],
  'limit-time': ['The run took longer than its workflow allows.', 'Raise `limits.time`, or make it shorter.'],
  'may-not-decide': [
    'Whoever decides may not, as things stand now: who it is, the role, or what the request says of who decides.',
    'Ask somebody who may: `reeve approvals ID` says who.',
  ],
  'nested-call': [
    "`ctx` was used inside a step's body, which a replay does not run again.",
    'Make the call outside, after the step.',
  ],
  'not-applied': ['An attempt certainly changed nothing outside.', 'See the cause; a retry is safe.'],
  'problem-stands': [
    'The approval cannot be approved as it stands.',
    'Approve an edit that fits, or reject it.',
  ],
  'reserved-key': ["An idempotency key begins as Reeve's own do.", 'Choose a key that begins otherwise.'],
  'level-not-earned': [
    'A workflow was to be trusted with more than it has earned.',
    'See what it lacks: `reeve check`.',
  ],
  'requirement-not-met': [
    'A run would have ended without what its workflow requires, and a person did not let it.',
    'Do by hand what it left undone, or fork it.',
  ],
  'run-ended': ['The run has ended and takes nothing any more.', 'Start another run, or fork this one.'],
  'run-ending': [
    'The run began to end while this call acted.',
    'Nothing: the call is made anew when the run is retried.',
  ],
  'run-released': [
    'The worker stopped, and gave the run back.',
    'Nothing: the run goes on with the next worker.',
  ],
  'ambiguous-run': ['A key, or the beginning of an id, names several runs.', 'Give the whole id of one.'],
  'nothing-asked': [
    'A test decides for a run that asks nothing.',
    'Look what the run does (run.story()), and decide when it asks.',
  ],
  'run-waits': [
    'A run waits, and nobody can answer it in memory.',
    'Answer it in the test, or give it nothing to wait for.',
  ],
  'start-refused': [
    'The database refused the start of a run; nothing of it was written.',
    'See the cause, and correct the value that it names.',
  ],
  'stop-unfinished': [
    'A worker stopped before the database took its last writes.',
    'Nothing acknowledged is lost; see that the database can be reached.',
  ],
  timeout: [
    'Something took longer than its limit.',
    'Raise the limit, or make it faster; it is tried again where a retry is allowed.',
  ],
  'bad-record': ['The record of a run cannot be read.', 'Record it anew: `reeve test record RUN`.'],
  'record-exists': ['A test of that name is there already.', 'Give another `--name`, or `--replace` it.'],
  'record-differs': [
    'The code that there is now does not do what a recorded run did.',
    'Read what differs. Where that is meant, record a run of the new code: `reeve test record RUN`.',
  ],
  'bad-recorded-calls': [
    'A file of recorded calls is not there, is none, or is of another connector or version.',
    'Record the calls anew: `recordedCalls(CONNECTOR, { file, from: { credential } })`.',
  ],
  'test-never-rests': [
    'Something that a test started is under way, and nothing of it changed for longer than the patience of the test.',
    'Give `testRuntime` a longer `patience`, or say that it is to hang: `test.hangIn(NAME)`.',
  ],
  'unfit-signal': ['A signal does not fit what the run waits for.', 'Send one that fits; the run waits on.'],
  'second-look': [
    'Somebody approves one after the other faster than anybody reads, and the project wants a second look.',
    'Look at it again, and approve it some seconds later.',
  ],
  'trial-closed': [
    'A recorded run that is tried again asked for something that only a real run has.',
    'This is a fault of Reeve: report it with the run.',
  ],
  'unknown-approval': ['There is no such approval.', 'See what waits: `reeve approvals`.'],
  'unknown-permission': ['There is no such remembered permission.', 'See them: `reeve permissions`.'],
  'unknown-run': ['There is no such run.', 'See the runs: `reeve runs`.'],
  'unknown-workflow': [
    'There is no such workflow.',
    "See the project's `workflows/`, and the name's spelling.",
  ],
  'wait-given-up': [
    "A wait was given up by the workflow's own code.",
    'Nothing, where that was wanted; catch it where the code goes on.',
  ],
  'wrong-answer': ['The answer is not what was asked.', 'Give an answer of the form that the message names.'],
}
