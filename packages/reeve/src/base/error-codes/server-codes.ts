import type { CodeTable } from './code-table.ts'

/** Of the server and its requests. */
export const serverCodes: CodeTable = {
  'bad-media-type': [
    "The request's body has a type that the server does not accept.",
    'Send application/json.',
  ],
  'bad-query': [
    'The SQL query is invalid or not allowed.',
    'Ask one `select` of the views; `reeve sql --help` lists them, with an example.',
  ],
  'bad-request': [
    "The request's path, query or body is invalid.",
    "Correct it by the API's document: /openapi.json. Common mistakes: an unknown parameter, a parameter that is given twice.",
  ],
  'cannot-listen': ['The server cannot listen at its address.', 'Give another host or port.'],
  'csrf-token-missing': ["The browser's request has no CSRF token.", 'Reload the page, and send its token.'],
  'foreign-origin': [
    'The request comes from a page of another site.',
    "Use the dashboard's own address, or allow the origin.",
  ],
  'host-not-served': [
    'The request names a host that this server does not serve.',
    "Use the server's own name, or allow the host.",
  ],
  'method-not-served': ['The address does not support this method.', 'Use a method of the `Allow` header.'],
  'no-owner': [
    'The project has no owner yet.',
    'Start once on this machine alone (without `--host`), which makes the owner.',
  ],
  'no-server': [
    'No server answers at this address.',
    'Start the server, or name its address with `--server`.',
  ],
  'no-such-endpoint': [
    'There is no endpoint at this address.',
    "See the list of endpoints in the API's document.",
  ],
  'port-in-use': ['Another process uses this port.', 'Stop it, or give another port.'],
  'request-too-large': ["The request's body is too large.", 'Send less at once.'],
  'role-too-low': [
    "The principal's role does not allow this.",
    'Ask an owner for a higher role, or use another token. `details.wanted` names the role.',
  ],
  'server-busy': ['The server has too many requests in progress.', 'Try again later.'],
  'too-many-requests': ['Too many requests came in a short time.', 'Try again later.'],
  'unreadable-file': [
    'A file in a watched folder cannot be read.',
    'Correct the file, and put it there again.',
  ],
  'bad-mapping': [
    "A trigger's `input` function failed: it threw an error or returned a promise.",
    'Correct the function: it must return the input at once, or undefined to start nothing.',
  ],
  'bad-trigger': [
    "The trigger's definition is invalid.",
    'Correct it. Common mistakes: wildcards in the folder of a file pattern, an unknown event type, a limit above its maximum.',
  ],
  'unknown-trigger': ['The project has no trigger of this name.', 'See the triggers: `reeve trigger list`.'],
  'untestable-trigger': [
    'This kind of trigger takes no sample over HTTP.',
    'Cause what it waits for: run the schedule (`reeve schedules run NAME`), put a file or an email into the watched folder, start a run that the event trigger listens to.',
  ],
  'telemetry-refused': ['The telemetry collector refused the data.', 'Check its address and its own log.'],
  'account-unknown': [
    'An event arrived, but its account could not be identified yet.',
    'The service sends the event again. Connect the account: `reeve connect NAME`.',
  ],
  'webhook-closed': [
    'The webhook has no secret, so no request can be verified.',
    'Set its secret: `reeve secrets set NAME`, or the environment variable.',
  ],
  'webhook-forged': ["The request's signature does not match its body.", 'Give both sides the same secret.'],
  'webhook-stale': [
    'The signed request is too old, or its time is in the future.',
    'Send it again; correct the clocks.',
  ],
  'webhook-unsigned': [
    'The request has no readable signature.',
    "Sign it by the trigger's scheme: see `reeve trigger list`.",
  ],
  'unknown-bulk-action': [
    'There is no bulk action of this id.',
    'Check the id; the list of runs in the dashboard shows bulk actions.',
  ],
}
