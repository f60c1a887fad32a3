import type { CodeTable } from './code-table.ts'

/** Of models, memory, agents and what they are allowed. */
export const thinkingCodes: CodeTable = {
  'approval-needed': [
    'A call may not be made before a person was asked; the next call asks.',
    'Nothing: what the person decides follows. See `details.ruling` for why.',
  ],
  'agent-stopped': [
    'An agent ended without an answer: a limit, a guard or no progress.',
    'See `details.why`; raise the limit, or give clearer instructions.',
  ],
  'bad-agent': ["An agent's definition is wrong.", 'Correct the part that the message names.'],
  'bad-base-url': [
    "The address of a model's server is none.",
    'Write http://HOST:PORT/v1 into the variable that the message names.',
  ],
  'approval-rests-on-it': [
    'What is to be taken back from memory was recalled by a run that waits for a decision.',
    'Decide that first, or roll back despite the approvals.',
  ],
  'bad-batch': ['An option of a batch is wrong.', 'Correct the option that the message names.'],
  'bad-cache': ["An option of the answers' cache is wrong.", 'Correct the option that the message names.'],
  'bad-classifier': ['Bytes are no classifier.', 'Train it again with `trainClassifier`.'],
  'bad-embedder': ['An embedder is none.', 'Name a model, or give a solver.'],
  'bad-embedding': [
    "A text's vector is not what the embedder promises.",
    'Check the embedder; embed anew after a change of it.',
  ],
  'bad-eval': [
    'An evaluation, its cases or its baseline cannot be meant as they stand.',
    'Correct what the message names.',
  ],
  'bad-exception': [
    'An exception to what the code grants is not allowed.',
    'Let an owner make it, with a beginning and an end.',
  ],
  'bad-grant': ['A grant contradicts itself.', 'Correct the part that the message names.'],
  'judge-is-producer': [
    'A rubric would be judged by a model that made what is judged.',
    'Give the rubric a route of other models.',
  ],
  'memory-forbidden': [
    'A run asks for a scope of memory that its principal and its workflow may not read.',
    'Ask in another scope, or name a reader in `memory.scopes` of the configuration.',
  ],
  'memory-changed': [
    'An item of memory is not as it was looked at.',
    'Look at it again (reeve memory history ID), then decide.',
  ],
  'feeds-itself': [
    'What was recalled, or what an instruction says, was to be remembered as something new.',
    'Name words of the input or of a tool as `evidence`, let a person confirm it, or remember an `episode`.',
  ],
  unfounded: [
    'The evidence for what is to be remembered stands nowhere in what the run was given.',
    'Give words as they stand in the input, or in what a tool, a signal or a model gave.',
  ],
  'unknown-eval': ['There is no such evaluation, or no such result.', 'See them: `reeve eval list`.'],
  'unknown-memory': ['There is no such item in memory.', 'Find it: `reeve memory search`.'],
  'bad-memory': ['What is to be remembered is wrong.', 'Remember single facts within the limits.'],
  'bad-model-name': [
    "A model's name is none.",
    'Write `provider/model`, or give a model object of the AI SDK.',
  ],
  'bad-policy': ["A policy's file exports no policy.", 'Export `policy((call) => …)` as its default.'],
  'bad-plan': ['A plan cannot be carried out.', 'See the steps; give clearer goals or actions.'],
  'bad-review': ['A review of a draft is none.', "Check the criteria and the reviewer's answer."],
  'bad-route': ["A route's definition is wrong.", 'Correct the part that the message names.'],
  'bad-score': ['The score of a thought is no number from 0 to 1.', 'Correct the scoring.'],
  'bad-solver': ['A solver does not keep its contract.', 'Correct the solver that the message names.'],
  'bad-verdict': ["A judge's answer is no verdict.", 'Correct the judge.'],
  'batch-gone': ['The provider has a batch no more.', 'Ask again; it counts as spent.'],
  'batch-unread': ["A batch's results cannot be read yet.", 'Wait: it is tried again.'],
  'call-denied': [
    'A call of a tool was refused: no grant covers it, somebody was revoked, a budget is spent, or a policy forbids it.',
    'See `details.ruling`: grant it in code, or leave it out. Nothing was sent.',
  ],
  'contradicting-grants': [
    'Two grants, or two effect budgets of one, have one id.',
    'Give each an `id` of its own.',
  ],
  'delegation-too-deep': [
    'Principals act on behalf of one another in too long a row.',
    'Start a run of its own.',
  ],
  'eval-closed': [
    'A step came up in an eval that has no stand-in for it.',
    'Give `mocks.steps` of the evaluation what it gives, or `run` to run all steps.',
  ],
  'fan-out-failed': ['No subtask was done.', 'See `details.reasons`.'],
  'grant-without-tool': ['A grant is for a tool that is not there.', "Correct the tool's name."],
  'guard-rejected': [
    'A guard rejected an input or an answer of an agent.',
    'See the reason; change the input or the guard.',
  ],
  'missing-key': [
    'A model needs a key that is not set.',
    'Set the variable that the message names, or take the model out of the route.',
  ],
  'mixed-embeddings': ['Vectors of two embedders would be compared.', 'Embed all with one.'],
  'no-batches': ["A batch's model is no longer in the route.", 'Put it back until the batch is done.'],
  'no-embeddings': ['The provider has no embedding models.', 'Name a model of another provider.'],
  'no-examples': ['A classifier has no example to learn from.', 'Give some.'],
  'no-json-schema': ['A schema cannot be written as JSON Schema.', 'Use Zod 4, or another library that can.'],
  'no-knowledge': ['There is no knowledge at that path.', 'Check the path.'],
  'over-budget': [
    'The next question may cost more than its budget has left.',
    'Raise the budget, or wait until its day is over.',
  ],
  'plan-failed': [
    'A step of a plan failed; what could be undone was undone.',
    'See `details`, and mend what was not undone.',
  ],
  'provider-denied': ['The provider refused the request or its key.', 'Check the key and its rights.'],
  'provider-limited': [
    'The provider limits how often it may be asked.',
    'Nothing: it is tried again, or the next solver is asked.',
  ],
  'provider-unavailable': [
    'The provider gave no usable reply.',
    'Nothing: it is tried again, or the next solver is asked.',
  ],
  'refused-write': [
    'Writes to a shared state were refused too often.',
    'See the problem; give the author the rights or the form that it needs.',
  ],
  'route-exhausted': [
    'No solver of a route could answer.',
    'See `details.hops`; a person is asked where the workflow allows.',
  ],
  'script-ended': [
    'A scripted model was asked more often than its script says.',
    "Give the test's script more replies.",
  ],
  'slow-pattern': ['A pattern could take too long on a hostile text.', 'Give its repetitions small bounds.'],
  unanswered: ['Nobody could answer a question.', 'See the problem; answer it by hand next time.'],
  'unknown-case': ['A route has no case of that name.', 'Add the case, or name an `otherwise`.'],
  'unknown-participant': ['A hand-off has no participant of that name.', 'Correct the name.'],
  'unknown-price': [
    "A model's price is not known, so no budget can hold it.",
    'Give it in `prices`, or allow unknown prices.',
  ],
  'unknown-provider': [
    'A provider is none that Reeve knows.',
    'Correct the name, or set the address of its server.',
  ],
  'unknown-route': ['There is no such route.', 'Add it to reeve.config.ts, or correct the name.'],
  'unknown-tool': ['The project has no such tool.', 'Add it to `tools/`, or correct the name.'],
}
