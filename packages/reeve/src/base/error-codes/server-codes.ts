import type { CodeTable } from './code-table.ts'

/** Of the server and its requests. */
export const serverCodes: CodeTable = {
  'bad-media-type': ["A request's body is of a kind that is not taken.", 'Send application/json.'],
  'bad-query': [
    'A query of the SQL interface is not allowed or is wrong.',
    'Correct it as the message says.',
  ],
  'bad-request': ['A request cannot be read.', 'Correct the part that the message names.'],
  'cannot-listen': ['The server cannot listen at its address.', 'Give it another host or port.'],
  'csrf-token-missing': [
    'A request of a browser has no token against forgery.',
    'Load the page anew, and send its token.',
  ],
  'foreign-origin': [
    "A request comes from another site's page.",
    "Use the dashboard's own address, or add the origin.",
  ],
  'host-not-served': [
    'A request names a host that is not served.',
    "Use the server's own name, or add the host.",
  ],
  'method-not-served': ['The address does not take this method.', 'Use the method that the message names.'],
  'no-owner': ['There is no owner yet.', 'Make one, as the message says.'],
  'no-server': ['Nobody answers where the server should be.', 'Start it, or name it with --server.'],
  'no-such-endpoint': [
    'There is nothing at this address.',
    "See the list of addresses in the API's document.",
  ],
  'port-in-use': ['Another process listens at this port.', 'Stop it, or give another port.'],
  'request-too-large': ["A request's body is too large.", 'Send less at once.'],
  'role-too-low': [
    "The principal's role does not allow this.",
    'Ask an owner for the role that the message names.',
  ],
  'server-busy': ['The server has too much to do.', 'Try again later.'],
  'too-many-requests': ['Too many requests came in a short time.', 'Try again later.'],
  'unreadable-file': [
    'A file that was put into a watched folder cannot be read.',
    'Correct it, and put it there again.',
  ],
  'bad-mapping': [
    "A trigger's `input` does not make an input of what came.",
    'Correct the function that the message names.',
  ],
  'bad-trigger': ['A trigger cannot be meant as it is declared.', 'Correct what the message names.'],
  'unknown-trigger': [
    'The project has no trigger of this name.',
    'See those that it has: reeve trigger list.',
  ],
  'untestable-trigger': ['No sample can be sent to this trigger.', 'Do what the message says.'],
  'telemetry-refused': [
    'A collector did not take what was sent to it.',
    'Look at its address and at its own log.',
  ],
  'account-unknown': [
    'An event came, and whose it is could not be found out: the account has not answered yet.',
    'The service sends it again. Connect the account: reeve connectors list.',
  ],
  'webhook-closed': [
    'A door for others has no secret, so nobody can prove anything to it.',
    'Set the variable.',
  ],
  'webhook-forged': ["A request's signature is not that of its body.", 'Give both sides the same secret.'],
  'webhook-stale': [
    'A signed request is too old, or of a time to come.',
    'Send it anew; set the clocks right.',
  ],
  'webhook-unsigned': ['A request has no signature that can be read.', 'Sign it as the trigger says.'],
  'unknown-bulk-action': ['There is no such action on many runs.', 'Use one that the message names.'],
}
