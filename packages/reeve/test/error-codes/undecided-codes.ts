/** Codes that tell by themselves of no place where the fix belongs, with why. A code that is new has a place, or a line here. */
export const codesWithoutPlace: readonly (readonly [why: string, codes: string])[] = [
  [
    'It tells that something else failed or was done: `reeve show RUN` leads there.',
    `
    batch-gone batch-unread child-cancelled child-failed done-before failed fan-out-failed
  `,
  ],
  [
    'What it needs is not installed, not set or not connected on this machine: whoever keeps it sees to that.',
    `
    account-unknown jail-unavailable missing-key missing-package no-batches no-walls not-connected
    not-started other-mode sandbox-unavailable secret-needed
  `,
  ],
  [
    'It speaks of a database, its copies or its keys: whoever keeps the machine mends it, no change of the work does.',
    `
    audit-key-foreign audit-key-in-environment audit-key-missing audit-key-present backup-exists
    backup-failed backup-postgres backup-source bad-audit-head bad-audit-key bad-database-url bad-secrets-key
    commit-unknown compact-busy compact-no-room compact-postgres copy-differs copy-source copy-source-busy
    copy-target-not-empty copy-unfinished database-busy database-closed database-foreign database-gone
    database-incomplete database-is-backup database-missing database-moved database-newer database-no-schema
    database-not-opened database-of-another-project database-read-only database-refused database-taken
    database-tls database-too-old database-unreachable database-unusable file-not-written file-unusable
    integrity-check-failed journal-damaged no-audit-head not-a-backup not-committed restore-busy
    restore-target secret-changed secret-forged secrets-key-in-environment secrets-key-missing sqlite-too-old
  `,
  ],
  [
    'A declaration or a value is wrong, which is said where it is written: the message is the whole advice.',
    `
    async-schema bad-account bad-agent bad-amount bad-base-url bad-batch bad-cache bad-classifier bad-config
    bad-connector bad-credential bad-cursor bad-daemon bad-directive bad-duration bad-embedder bad-embedding
    bad-eval bad-exception bad-failure-mode bad-fork bad-goal bad-grant bad-header bad-host bad-image
    bad-limit bad-mapping bad-mark bad-mcp-server bad-media-type bad-memory bad-model-name bad-moment
    bad-number bad-openapi bad-option bad-pattern bad-pins bad-policy bad-query bad-record bad-recorded-calls
    bad-request bad-retry bad-review bad-route bad-schedule bad-schema bad-score bad-script bad-secret
    bad-skill bad-solver bad-start bad-text bad-tool bad-trigger bad-value bad-workflow contradicting-grants
    duplicate-tool duplicate-workflow empty-race grant-without-tool inexact-json judge-is-producer
    level-not-earned nested-call not-json not-serialisable reserved-key reserved-name secret-in-script
    slow-pattern
  `,
  ],
  [
    'A name that is not there, which the message lists the nearest of.',
    `
    ambiguous-approval ambiguous-run missing-folder no-connections no-examples no-mcp-server no-project
    no-server no-such-endpoint no-such-file not-a-file unknown-approval unknown-bulk-action unknown-case
    unknown-connection unknown-daemon unknown-directive unknown-directive-version unknown-eval unknown-goal
    unknown-grant-change unknown-local-user unknown-participant unknown-permission unknown-price
    unknown-principal unknown-proposal unknown-provider unknown-question unknown-queue unknown-repair
    unknown-route unknown-run unknown-schedule unknown-script unknown-secret unknown-skill unknown-time-zone
    unknown-token unknown-trigger unknown-workflow
  `,
  ],
  [
    'The request of a person or a program was refused; no run failed by it.',
    `
    already-decided already-revoked approval-changed approval-cut approval-link-expired approval-link-used
    approval-rests-on-it cannot-listen cannot-override cannot-retry cannot-undo child-not-mended
    csrf-token-missing directive-busy directive-changed directive-full erased foreign-origin fork-repeats
    grant-change-undone host-not-served idempotency-conflict invalid-edit last-owner memory-changed
    method-not-served needs-yes no-owner not-current-cycle not-empty not-read not-remote not-revoked
    not-signed-in nothing-asked nothing-to-repair other-package-version port-in-use principal-exists
    principal-removed problem-stands proposal-changed proposal-decided repair-off repair-overtaken
    repair-state request-too-large role-too-low run-ended run-ending run-released run-waits second-look
    server-busy session-expired sign-in-link-expired sign-in-link-used skill-exists start-refused
    stop-unfinished telemetry-refused token-expired token-revoked too-many-requests unfit-signal
    untestable-trigger webhook-closed webhook-forged webhook-stale webhook-unsigned wrong-answer
  `,
  ],
  [
    'A tool of tests and evaluations is misused; it is the test that fails.',
    `
    eval-closed record-differs record-exists test-never-rests trial-closed
  `,
  ],
]

/**
 * Codes without a status of their own. If the API answers with them, the request cannot be done as it is (400); most are codes of
 * runs, commands and declarations, with which it never answers.
 */
export const codesOfBadRequests = `
  agent-stopped ambiguous-approval ambiguous-run approval-needed async-schema audit-key-in-environment
  audit-key-present backup-exists backup-failed backup-postgres backup-source bad-account bad-agent
  bad-amount bad-audit-head bad-audit-key bad-base-url bad-batch bad-cache bad-classifier bad-config
  bad-connector bad-credential bad-cursor bad-daemon bad-database-url bad-directive bad-duration
  bad-embedder bad-embedding bad-eval bad-exception bad-failure-mode bad-fork bad-goal bad-grant bad-header
  bad-host bad-image bad-limit bad-mark bad-mcp-server bad-memory bad-model-name bad-moment bad-number
  bad-openapi bad-option bad-pattern bad-pins bad-plan bad-policy bad-query bad-record bad-recorded-calls
  bad-request bad-result bad-retry bad-review bad-route bad-schedule bad-schema bad-score bad-script
  bad-secret bad-skill bad-solver bad-start bad-text bad-tool bad-trigger bad-value bad-verdict
  bad-workflow batch-gone batch-unread broken-file broken-response cannot-listen child-cancelled
  child-failed compact-busy compact-no-room compact-postgres copy-differs copy-source copy-source-busy
  copy-target-not-empty copy-unfinished criteria-unmet directive-busy directive-full done-before
  done-unclear duplicate-tool duplicate-workflow empty-race erased eval-closed failed fan-out-failed
  feeds-itself file-not-written file-unusable grant-without-tool guard-rejected http-status http-timeout inexact-json
  jail-unavailable json-too-deep judge-is-producer limit-steps limit-time mail-no-folder mail-no-letter
  mail-sign-in mail-unanswered mail-unreachable mcp-changed mcp-error mcp-flood mcp-not-allowed
  mcp-not-pinned mcp-not-started mcp-protocol mcp-server-died mcp-timeout memory-forbidden missing-folder
  missing-key mixed-embeddings needs-yes nested-call no-audit-head no-batches no-connections no-embeddings
  no-examples no-json-schema no-knowledge no-mcp-server no-project no-server no-such-file no-value no-walls
  not-a-backup not-a-file not-applied not-approved not-connected not-current-cycle not-empty not-json
  not-remote not-serialisable not-started not-utf8 nothing-asked nothing-to-repair other-mode
  other-package-version over-budget overridden page-not-read plan-failed port-in-use process-failed
  process-output process-timeout provider-denied query-crashed record-differs record-exists
  refused-arguments refused-content-type refused-destination refused-encoding refused-redirect
  refused-request refused-write repair-off repair-overtaken repair-state requirement-not-met reserved-key
  reserved-name response-too-large restore-busy restore-target route-exhausted run-waits
  sandbox-unavailable script-bad-result script-changed script-crashed script-ended script-failed
  script-missing script-no-result script-not-json script-not-utf8 script-output script-quarantined
  script-timeout script-two-results secret-in-script secret-needed secret-not-declared secret-not-here
  secrets-key-in-environment service-failed skill-exists slow-pattern sqlite-too-old stop-unfinished
  telemetry-refused test-never-rests timeout trial-closed unanswered unfounded unreadable-file
  unresolved-host wait-given-up
`
