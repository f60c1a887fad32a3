import type { CodeTable } from './code-table.ts'

/** Of models, memory, agents and what they are allowed. */
export const modelsMemoryAgentsCodes: CodeTable = {
  'approval-needed': [
    'The call may not be made before a person was asked; the next call asks.',
    "No action needed: the run continues by the person's decision. `details.ruling` says why it asks.",
  ],
  'agent-stopped': [
    'An agent ended without an answer: it reached a limit, a guard stopped it, or it made no progress.',
    'See `details.why`. Raise the limit, or give clearer instructions.',
  ],
  'bad-agent': [
    "An agent's definition is invalid.",
    'Correct it. Common mistakes: a misspelled option, no `instructions` or `route`, two agents of the same name, something else than an agent in `ctx.agent`.',
  ],
  'bad-base-url': [
    "The address of a model's server is invalid.",
    "Write http://HOST:PORT/v1 into the provider's variable (such as OPENAI_BASE_URL), without user, password or query.",
  ],
  'approval-rests-on-it': [
    'A run that waits for a decision recalled the memory that would be rolled back.',
    'Decide the approval first, or add `--despite-approvals`.',
  ],
  'bad-batch': [
    'An option of a batch is invalid.',
    "Correct it: `most` is a whole number from 1, `within` a duration such as '24h'.",
  ],
  'bad-cache': [
    'An option of the answer cache is invalid.',
    "Correct it: `keep` is a duration, `across` is 'workflow' or 'project'.",
  ],
  'bad-classifier': [
    'The bytes are not a valid classifier.',
    'Train it again with `trainClassifier`, and store its `toBytes()`.',
  ],
  'bad-embedder': [
    'The value is not a valid embedder.',
    "Give a model's name (`provider/model`) or a solver; wrap a model of the AI SDK in `hostedEmbedder(…)`. `localOnnx` needs a model file and its vocab.txt.",
  ],
  'bad-embedding': [
    "A text's vector does not have the form that the embedder promises.",
    'Check the embedder. After a change of the embedder, embed everything again.',
  ],
  'bad-eval': [
    'An evaluation, its cases or its baseline is invalid.',
    'Correct it: it needs `data`, `task` and at least one scorer, each scorer with a name of its own, and it must be the default export of its file.',
  ],
  'bad-exception': [
    'The exception to the grants in code is not allowed.',
    'Ask an owner to make it, with a start and an end.',
  ],
  'bad-grant': [
    'A grant is invalid or contradicts itself.',
    'Correct it. Common mistakes: no tool, an end in the past, a `window` that is not two different hours from 0 to 24, an effect budget without an `id`, a change that narrows nothing.',
  ],
  'judge-is-producer': [
    'The model that would judge is one that made the answer.',
    'Give the rubric a route with other models.',
  ],
  'memory-forbidden': [
    'A run asks for a memory scope that its principal and its workflow may not read.',
    'Ask in another scope, or name a reader in `memory.scopes` of the configuration.',
  ],
  'memory-changed': [
    'The item of memory was changed after you looked at it.',
    'Look at it again (`reeve memory history ID`), then decide.',
  ],
  'feeds-itself': [
    'The run would remember as new what it recalled from memory or read in an instruction.',
    'Give words of the input or of a tool as `evidence`, ask a person to confirm it, or remember it as an `episode`.',
  ],
  unfounded: [
    'The evidence for a new memory does not occur in anything that the run was given.',
    'Quote words exactly as they occur in the input, or in the result of a tool, a signal or a model.',
  ],
  'unknown-eval': ['There is no such evaluation, or no such result.', 'See them: `reeve eval list`.'],
  'unknown-memory': ['There is no such item of memory.', 'Find it: `reeve memory search`.'],
  'bad-memory': [
    'The new item of memory is invalid: it is empty, too long, or one of its times is not a Date.',
    'Remember single facts; put documents into knowledge/.',
  ],
  'bad-model-name': [
    'The value is not a valid model name.',
    'Write `provider/model`, such as ollama/llama3.2, or give a model object of the AI SDK.',
  ],
  'bad-policy': [
    'A policy file has no valid policy as its default export.',
    'Export it as the default: `export default policy((call) => …)`.',
  ],
  'bad-plan': ['The plan cannot be carried out.', 'See its steps. Give clearer goals or actions.'],
  'bad-review': [
    'The review of a draft is invalid.',
    "Give at least one criterion, and check the reviewer's answer.",
  ],
  'bad-route': [
    "A route's definition is invalid.",
    'Correct it. Common mistakes: no solver, two solvers of the same name.',
  ],
  'bad-score': ['The score of a thought is not a number from 0 to 1.', 'Correct the scoring.'],
  'bad-solver': [
    'A solver breaks its contract.',
    'Correct the solver: for example, `worstCaseUsd` must return a number from 0.',
  ],
  'bad-verdict': [
    "The judge's answer is not a valid verdict.",
    'Correct the judge: its answer must fit the schema of a verdict.',
  ],
  'batch-gone': ['The provider no longer has the batch.', 'Ask again. The lost batch counts as spent.'],
  'batch-unread': ['The results of a batch cannot be read yet.', 'No action needed: Reeve tries again.'],
  'call-denied': [
    'A call of a tool was denied: no grant covers it, the principal was revoked, a budget is spent, or a policy forbids it. Nothing was sent.',
    'See `details.ruling`. Grant the call in code, or leave it out.',
  ],
  'contradicting-grants': [
    'Two grants, or two effect budgets of a grant, have the same id.',
    'Give each an `id` of its own.',
  ],
  'delegation-too-deep': [
    'The chain of principals that act for one another is too long.',
    'Start a separate run.',
  ],
  'eval-closed': [
    'An evaluation reached a step for which it has no stand-in.',
    'Give the step a result in `mocks.steps` of the evaluation, or `run` to run all steps.',
  ],
  'fan-out-failed': ['No subtask succeeded.', 'See `details.reasons`.'],
  'grant-without-tool': ['A grant names a tool that does not exist.', "Correct the tool's name."],
  'guard-rejected': [
    "A guard rejected an agent's input or answer.",
    'See the reason. Change the input or the guard.',
  ],
  'missing-key': [
    'A model needs an API key that is not set.',
    "Set the provider's variable, such as OPENAI_API_KEY, or remove the model from the route.",
  ],
  'mixed-embeddings': [
    'Vectors of two embedders cannot be compared.',
    'Embed everything with the same embedder.',
  ],
  'no-batches': ['The model of a batch is no longer in the route.', 'Put it back until the batch is done.'],
  'no-embeddings': ['The provider has no embedding models.', 'Name a model of another provider.'],
  'no-examples': ['A classifier has no example to learn from.', 'Give at least one labelled example.'],
  'no-json-schema': ['A schema cannot be written as JSON Schema.', 'Use Zod 4, or another library that can.'],
  'no-knowledge': ['There is no knowledge at that path.', 'Check the path.'],
  'over-budget': [
    'The next question may cost more than the rest of its budget.',
    'Raise the budget, or wait until its period is over.',
  ],
  'plan-failed': [
    'A step of a plan failed; the steps that could be undone were undone.',
    'See `details`, and correct by hand what was not undone.',
  ],
  'provider-denied': ['The provider refused the request or its key.', 'Check the key and its rights.'],
  'provider-limited': [
    'The provider limits how often it may be asked.',
    'No action needed: Reeve tries again, or asks the next solver.',
  ],
  'provider-unavailable': [
    'The provider gave no usable reply.',
    'No action needed: Reeve tries again, or asks the next solver.',
  ],
  'refused-write': [
    'Writes to a shared state were refused too often.',
    'See the reason. Give the writer the missing rights, or correct the form of what it writes.',
  ],
  'route-exhausted': [
    'No solver of the route could answer.',
    'See `details.hops`. Where the workflow allows it, a person is asked.',
  ],
  'script-ended': [
    'A scripted model was asked more often than it has replies.',
    "Give the test's script more replies.",
  ],
  'slow-pattern': [
    'The pattern could take too long on a hostile text.',
    'Give its repetitions small limits, such as {0,20}.',
  ],
  unanswered: ['Nobody could answer the question.', 'See the reason. Answer the question by hand next time.'],
  'unknown-case': ['The route has no case of that name.', 'Add the case, or name an `otherwise`.'],
  'unknown-participant': ['A hand-off names an unknown participant.', 'Correct the name.'],
  'unknown-price': [
    "The model's price is not known, so no budget can limit it.",
    'Give the price in `prices`, or allow unknown prices.',
  ],
  'unknown-provider': [
    'Reeve does not know this model provider.',
    'Correct the name, or set the address of its OpenAI-compatible server: PROVIDER_BASE_URL.',
  ],
  'unknown-route': ['There is no such route.', 'Add it to reeve.config.ts, or correct the name.'],
  'unknown-tool': ['The project has no such tool.', 'Add it to `tools/`, or correct the name.'],
}
