import type { CodeTable } from './code-table.ts'

/** Of tools and what they reach. */
export const toolCodes: CodeTable = {
  'bad-header': ['A caller may not set this header.', 'Leave it out.'],
  'bad-host': [
    'An entry in a list of hosts is invalid.',
    'Write host, host:port or *.host, without scheme and path.',
  ],
  'bad-image': [
    'The container image is not pinned by a digest.',
    'Write it with its digest: `IMAGE@sha256:…`.',
  ],
  'bad-limit': ['The limit is not a valid whole number.', 'Give a whole number.'],
  'bad-mcp-server': [
    'The definition of an MCP server is invalid.',
    'Correct it. Common mistakes: two servers of the same name, a misspelled option, neither `url` nor `command`, a name with other characters than letters, digits, - and _.',
  ],
  'bad-openapi': [
    'The OpenAPI document cannot be used.',
    'Correct the document. Common mistakes: it is text that was not parsed, it is Swagger 2, two operations have the same name, a reference leads nowhere. `details.path` says where.',
  ],
  'bad-pattern': [
    'The pattern cannot be checked in linear time.',
    'Write it in a simpler way: for example, without back references.',
  ],
  'bad-pins': ['The file of MCP pins cannot be trusted.', 'Restore it, or pin again: `reeve mcp pin`.'],
  'bad-result': ["A tool's result does not fit its output schema.", 'Correct the tool or its schema.'],
  'bad-schema': [
    'The JSON Schema cannot be used.',
    'Correct the schema: use only known keywords, and references that lead somewhere. `details.path` says where.',
  ],
  'bad-secret': [
    "A secret's name, value or handle is invalid.",
    'A name begins with a letter and has letters, digits, _ . : and -, such as STRIPE_KEY. A value is a new text of sufficient length. In a template, put the tag `secret` before it.',
  ],
  'bad-tool': [
    "A tool's definition is invalid, or something else was called as a tool.",
    'Correct it. Common mistakes: no name, a `rate` whose count is not a whole number from 1, a file in tools/ whose default export is not a tool.',
  ],
  'broken-response': ['The connection ended in the middle of a response.', 'Try again; check the server.'],
  'database-not-opened': ['The file of an SQL tool cannot be opened.', 'Check its path.'],
  'done-before': [
    'The effect is done only once for a value, and another call has done it. Nothing was sent.',
    'Take the result from that other run: `details` has its id.',
  ],
  'done-unclear': [
    'The effect is done only once for a value, and nobody knows whether another call has done it.',
    'Answer the question about that other call (`reeve approvals` lists it), then retry.',
  ],
  'duplicate-tool': ['Two tools have the same name, or names that can be confused.', 'Rename one.'],
  'secret-not-declared': [
    'A tool uses a secret that it does not declare.',
    'If the tool may have the secret, add the name to `secrets` of the tool.',
  ],
  'secret-not-here': ["A secret was used outside of a tool's call.", 'Use it in a tool that declares it.'],
  'http-status': ['The server answered with an error status.', 'See `details.status`.'],
  'http-timeout': ['The complete response did not arrive in time.', 'Raise the limit, or check the server.'],
  'input-too-large': ['The input is larger than its reader accepts.', 'Give less at once.'],
  'jail-unavailable': [
    'This system cannot keep file tools within their folder.',
    'Run on Linux with /proc mounted.',
  ],
  'json-too-deep': ['The JSON is nested too deeply.', 'Give flatter data.'],
  'json-too-large': ['The JSON has too many values.', 'Ask for less at once.'],
  'mail-no-folder': [
    'The mailbox has no such folder.',
    'Make the folder in the mailbox, such as Sent or Drafts.',
  ],
  'mail-no-letter': ['The email is no longer where it was.', 'Search for it again.'],
  'mail-sign-in': [
    'The mail server refused the sign-in.',
    'Correct the user or the password. Many services need an app password for programs.',
  ],
  'mail-unanswered': [
    'The mail server got an email, but did not say whether it accepted it.',
    "If the mailbox's folders show the email, no action is needed. Otherwise ask a recipient, and answer the question about the outcome.",
  ],
  'mail-unreachable': ['The mailbox did not answer.', 'Reeve tries again; check the mail server.'],
  'mcp-changed': [
    'The MCP server offers something else than what was pinned.',
    'Look at the change, then pin it again: `reeve mcp pin`.',
  ],
  'mcp-error': [
    'The MCP server answered with an error.',
    'See its message. Reeve tries again if the error allows it.',
  ],
  'mcp-flood': [
    'The MCP server sent too much and was cut off.',
    'Check the server: it may have carried out the request.',
  ],
  'mcp-not-allowed': [
    "A tool, prompt or resource of an MCP server is not in the server's `allow` list.",
    'Add it, if it may be used.',
  ],
  'mcp-not-pinned': [
    'The MCP server was not pinned.',
    'Look at what it offers, then pin it: `reeve mcp pin`.',
  ],
  'mcp-not-started': ['The MCP server could not be started.', 'Check its command.'],
  'mcp-protocol': [
    'The MCP server broke the protocol.',
    'Check the server: it may have carried out the request.',
  ],
  'mcp-server-died': ['The MCP server ended before it answered.', 'No action needed: Reeve starts it again.'],
  'mcp-timeout': ['The MCP server did not answer in time.', 'Raise the limit, or check the server.'],
  'bad-account': [
    'The run acts for a person who has no account of this connector.',
    'Start the run for a person who has one, or name an account.',
  ],
  'bad-connector': [
    'A connector, or a connection of the project, is invalid.',
    'Correct it. Common mistakes: a version that is not like 1.0.0, a `mode` that is neither live nor sandbox, a `url` that is not an address, rules for unknown actions.',
  ],
  'bad-credential': [
    'The credential of an account is not valid, was refused by its service, or is of another account than before.',
    'Connect the account again: `reeve connect NAME`.',
  ],
  'not-connected': ['The account was not connected.', 'Begin again, and consent at the service.'],
  'other-mode': [
    'A worker would switch a connection between live and sandbox while other workers use the other mode.',
    'Stop the other workers first, or give this one a database of its own.',
  ],
  'unknown-connection': [
    'The project has no such connection.',
    'Add it to `connectors`, or correct its name.',
  ],
  'no-connections': ["A connector's action was called outside of a run.", 'Call it with `ctx.call`.'],
  'missing-folder': ['The folder does not exist.', 'Make it, or correct the path.'],
  'not-approved': [
    'A person rejected the call of a tool, or the approval ended without a decision.',
    'See `details.note`. The workflow may catch the error and go another way.',
  ],
  'not-read': [
    'The document could not be read: its format is unknown, or it is damaged or encrypted.',
    'Check the document.',
  ],
  'not-started': ['The program could not be started.', 'Check that it exists and is executable.'],
  'not-utf8': ['The file is not UTF-8 text.', 'Read it as base64.'],
  'page-not-read': ['The web page could not be read.', 'Check the page in a browser.'],
  'process-failed': ['The program ended with an error.', 'See its output.'],
  'process-output': ['The program printed too much and was killed.', 'Print less, or raise the limit.'],
  'process-timeout': ['The program ran too long and was killed.', 'Make it faster, or raise the limit.'],
  'query-crashed': ['The query used up its memory.', 'Ask for less.'],
  'query-failed': ['The query failed.', 'Correct its SQL.'],
  'query-timeout': ['The query ran too long.', 'Make it faster, or raise the limit.'],
  'refused-arguments': [
    'The arguments of a program are not allowed.',
    "Give arguments that the tool's definition allows.",
  ],
  'refused-content-type': [
    'The response has a content type that the tool does not accept.',
    'Add the type to the tool, if it is wanted.',
  ],
  'refused-destination': [
    'The address may not be called.',
    "If it may be called, add its host to the tool's list of hosts.",
  ],
  'refused-encoding': [
    'The response has an encoding that the tool does not accept.',
    'Ask the server for another encoding.',
  ],
  'refused-redirect': ['The redirect was not followed.', 'Call its target directly, if that is allowed.'],
  'refused-request': [
    'The request is not allowed; nothing was sent.',
    "Correct the request: its method, path, headers or body must be ones that the tool's definition allows.",
  ],
  'response-too-large': ['The response is larger than its limit.', 'Ask for less, or raise the limit.'],
  'sandbox-unavailable': [
    'The sandbox cannot run here.',
    "Install Docker or the sandbox's package; for code that you trust, set `acceptWeaker`.",
  ],
  'script-crashed': ['The script ended its process.', 'Correct the script; it may use too much memory.'],
  'script-failed': ['The script failed.', 'See its output.'],
  'script-output': ["The script's output is too large.", 'Print less.'],
  'script-timeout': ['The script ran too long.', 'Make it faster, or raise the limit.'],
  'unknown-time-zone': ['The value is not a valid time zone.', 'Write one such as Europe/Berlin.'],
  unreachable: ['The server cannot be reached.', 'Check the address and the network.'],
  'unresolved-host': ['The host name has no address.', 'Check the name.'],
}
