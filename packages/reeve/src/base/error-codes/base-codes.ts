import type { CodeTable } from './code-table.ts'

/** Of values, options, projects and commands. */
export const baseCodes: CodeTable = {
  'approval-link-expired': [
    'The time of a link that decides is over.',
    'Decide in the dashboard: `reeve dev`.',
  ],
  'approval-link-used': [
    'A link that decides was used already, or is not known here.',
    'Decide in the dashboard, or see what waits: `reeve approvals`.',
  ],
  'approval-cut': [
    'An approval is more than a screen shows.',
    'See all of it, as the message says, and decide with its hash.',
  ],
  'bad-amount': [
    'An amount of money is none, or too large.',
    "Write a number of dollars, such as 0.05 or '$0.05'.",
  ],
  'bad-config': [
    "The project's configuration is wrong.",
    'Correct the part of reeve.config.ts that the message names.',
  ],
  'bad-duration': [
    'A length of time is none.',
    'Write ms, or a number with a unit: 250ms, 30s, 5m, 2h, 3d, 1w.',
  ],
  'bad-moment': ['A point in time is none.', 'Give a Date, or its ISO text with the zone.'],
  'bad-number': [
    'A number is none, or out of its range.',
    'Give a number within the range that the message names.',
  ],
  'bad-option': ['An option or argument is wrong.', 'Correct the one that the message names.'],
  'bad-text': [
    'A text is none, too long, or has characters that are not allowed.',
    'Correct the text that the message names.',
  ],
  'broken-file': ['A file of the project cannot be loaded.', 'Correct the error that the message names.'],
  'inexact-json': ['JSON holds a number or name that cannot be read exactly.', 'Write it as a text.'],
  'missing-package': ['A package that is needed is not installed.', 'Install it: npm install PACKAGE.'],
  'needs-yes': ['Nobody can be asked here.', 'Say yes in the command: `--yes`.'],
  'no-mcp-server': ['The project has no MCP server.', 'Name one in reeve.config.ts.'],
  'no-project': ['There is no project here.', "Go to a project's folder, or make one: `reeve init`."],
  'no-such-file': ['A file is not there.', 'Give JSON, the path of a JSON file, or - for stdin.'],
  'not-empty': ['A folder is not empty.', 'Name a new folder.'],
  'not-json': ['A text is not JSON.', 'Correct it at the place that the message names.'],
  'not-remote': [
    'The command cannot be done at a server.',
    'Run it where the data is, without `--server` or REEVE_URL.',
  ],
  'not-serialisable': ['A value cannot be kept as JSON.', 'Change it at the path that the message names.'],
  'payload-too-large': [
    'A value is larger than a journal keeps.',
    'Keep it in a file or a database, and its name in the run.',
  ],
  'restore-busy': ['A worker works on the database that is to be replaced.', 'Stop it first.'],
  'restore-target': ['The database cannot be restored by this command.', 'Do as the message says.'],
  'service-failed': [
    'A service failed: one of the project, or one outside, which may have done what it was asked.',
    'See the cause, and the effect.',
  ],
  'unknown-schedule': ['There is no such schedule.', 'See them: `reeve schedules`.'],
  'unknown-queue': ['There is no such queue.', 'See them: `reeve queues`.'],
}
