import type { CodeTable } from './code-table.ts'

/** Of values, options, projects and commands. */
export const baseCodes: CodeTable = {
  'approval-link-expired': ['The decision link has expired.', 'Decide in the dashboard: `reeve dev`.'],
  'approval-link-used': [
    'The decision link was used before, or is not known here.',
    'Decide in the dashboard, or see the open approvals: `reeve approvals`.',
  ],
  'approval-cut': [
    'The approval is too long for this screen, so it cannot be decided there.',
    'Show all of it with `reeve approvals ID`. The command to approve it, with its hash, is printed at the end.',
  ],
  'bad-amount': [
    'The value is not a valid amount of money, or it is too large.',
    "Write a number of dollars, such as 0.05 or '$0.05'.",
  ],
  'bad-config': [
    "The project's configuration is invalid.",
    "Correct reeve.config.ts. Common mistakes: an unknown or misspelled option, a value of the wrong kind (`level: 'always'`), a default export that is missing.",
  ],
  'bad-duration': [
    'The value is not a valid duration, or it is longer than 100 years.',
    'Write milliseconds, or a number with a unit: 250ms, 30s, 5m, 2h, 3d, 1w.',
  ],
  'bad-moment': [
    'The value is not a valid point in time.',
    'Give a Date, or ISO text with a time zone: 2026-07-01T09:00:00Z.',
  ],
  'bad-number': [
    'The value is not a number, or it is out of its range.',
    'Give a whole number within the range. For no limit, leave the option out.',
  ],
  'bad-option': [
    'An option or an argument is invalid.',
    'Correct it. Common mistakes: a misspelled name, a value of the wrong kind (a text for a number), two options that exclude each other.',
  ],
  'bad-text': [
    'The value is not a text, is too long, or has characters that are not allowed.',
    'Give a text within the length limit, without control characters or invisible characters.',
  ],
  'broken-file': [
    'A file of the project cannot be loaded.',
    'Correct the file. Common mistakes: a syntax error, a wrong import path, a missing default export, a loop at the top level.',
  ],
  'inexact-json': [
    'JSON holds a number or a name that cannot be read exactly: a number that would be rounded, or the same name twice.',
    'Write the number as a text; write each name once.',
  ],
  'other-package-version': [
    'An installed package is of a major version that Reeve does not work with. The message names what is installed and what is wanted.',
    'Install a version that is wanted, with the command that the message names.',
  ],
  'missing-package': ['A package that is needed is not installed.', 'Install it: npm install PACKAGE.'],
  'needs-yes': [
    'The command must ask for consent, and there is no terminal to ask in.',
    'Add `--yes` to the command.',
  ],
  'no-mcp-server': ['The project has no MCP server.', 'Name one in reeve.config.ts.'],
  'no-project': [
    'There is no project in this folder or above it.',
    "Go to a project's folder, or make a project: `reeve init`.",
  ],
  'file-unusable': [
    'A file or a folder cannot be read or written: a right is missing, the disk is full, or the path is wrong.',
    'Give this user the right to the path, free space on the disk, or name another path.',
  ],
  'no-such-file': [
    'The file does not exist.',
    'Check the path. An input is JSON, the path of a JSON file, or - for standard input.',
  ],
  'not-empty': ['The folder is not empty.', 'Name a new folder.'],
  'not-json': [
    'The text is not valid JSON.',
    'Correct the JSON. Common mistakes: single quotes, a comma after the last item, text that is not UTF-8.',
  ],
  'not-remote': [
    'The command cannot run through a server.',
    'Run it on the machine that has the data, without `--server` or REEVE_URL.',
  ],
  'not-serialisable': [
    'The value cannot be stored as JSON.',
    'Leave out or convert what JSON does not have: functions, Map, BigInt, circular references, deep nesting. `details.path` says where it is.',
  ],
  'payload-too-large': [
    'The value is larger than the journal may store.',
    'Store it in a file or a database, and give the run its name.',
  ],
  'restore-busy': [
    'A worker is using the database that the restore would replace.',
    'Stop the worker first.',
  ],
  'restore-target': [
    '`reeve db restore` cannot replace this database.',
    "For Postgres, use pg_restore. For SQLite, name a backup file that exists, stop the project's processes, and move the old database files away first.",
  ],
  'service-failed': [
    'A service of the project or an outside service failed. An outside service may have carried out the request.',
    'See `cause`. Before you try again, check the effect in the outside service.',
  ],
  'unknown-schedule': ['There is no such schedule.', 'See them: `reeve schedules`.'],
  'unknown-queue': ['There is no such queue.', 'See them: `reeve queues`.'],
}
